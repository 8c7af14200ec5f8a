"""``zepix why``."""

from typing import Any
from urllib.parse import quote

import click

from zepix_core.cli.options import format_option, home_option
from zepix_core.config.home import Home
from zepix_core.errors import ZepixError

COLOURS = {"good": "green", "bad": "red"}


class NoSuchAlert(ZepixError):
    """Neither an alert nor an order goes by that name."""

    exit_code = 1


@click.command()
@click.argument("alert_id")
@click.option("--audit", is_flag=True, help="Every record of it in the chain, and every deal; nothing else.")
@home_option
@format_option
def command(home: Home, shape: str, alert_id: str, audit: bool) -> None:
    """Tell the whole story of one alert or order.

    ALERT_ID is its number, the id the alert itself carries, or its key: what was read, every gate with its
    number and threshold, the sizing step by step, requests, replies and how long they took. An order's intent
    id tells of that order: of its alert, or, when a plugin placed it without one, of the order alone.
    """
    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_facts
    from zepix_core.cli.story_text import order_story_lines, story_lines

    if audit:
        _audit(existing(home), shape, alert_id)
        return
    told = _told(existing(home), alert_id)
    if told is None:
        raise _none(alert_id)
    if shape != "table":
        print_facts(told, shape)
        return
    import msgspec

    from zepix_core.journal.story import OrderStory, Story

    if "alert" in told:
        story = msgspec.convert(told, Story)
        lines = story_lines(story, _plugins(home) if story.alert.reason == "no_plugin" else ())
    else:
        lines = order_story_lines(msgspec.convert(told, OrderStory))
    for line in lines:
        click.secho(line.text, fg=COLOURS.get(line.style), bold=line.style == "head", dim=line.style == "dim")


def _audit(home: Home, shape: str, name: str) -> None:
    """Every record and every deal, from the journal itself; a host may run."""
    import msgspec

    from zepix_core.cli.audit_text import audit_lines
    from zepix_core.cli.output import print_facts
    from zepix_core.cli.source import from_file
    from zepix_core.journal.audit import AuditStory, audit_story

    told = from_file(home.journal_db, lambda connection: audit_story(connection, name))
    if told is None:
        raise _none(name)
    if shape != "table":
        print_facts(told, shape)
        return
    for line in audit_lines(msgspec.convert(told, AuditStory)):
        click.secho(line.text, bold=line.style == "head")


def _none(name: str) -> NoSuchAlert:
    return NoSuchAlert(f"There is no alert or order {name}.", "`zepix alerts list --all` shows all of them.")


def _plugins(home: Home) -> list[dict[str, Any]]:
    from zepix_core.cli.client import find_host
    from zepix_core.cli.plugins.list import stopped_rows

    client = find_host(home)
    rows: list[dict[str, Any]] = client.get("plugins") if client is not None else stopped_rows(home)
    return rows


def _told(home: Home, name: str) -> dict[str, object] | None:
    from zepix_core.cli.client import NotFound, find_host
    from zepix_core.cli.source import from_file
    from zepix_core.journal.story import tell_any

    client = find_host(home)
    if client is None:
        found: dict[str, object] | None = from_file(
            home.journal_db, lambda connection: tell_any(connection, name)
        )
        return found
    try:
        answer: dict[str, object] = client.get(f"alerts/{quote(name, safe='')}/story")
    except NotFound:
        return None
    return answer
