"""``zepix notify test``."""

import asyncio
from typing import Any

import click

from zepix_core.cli.options import format_option, home_option
from zepix_core.config.home import Home
from zepix_core.errors import ZepixError

COLUMNS = ("channel", "where", "state", "status", "reason", "seconds")
SET_ONE = "Put notify.webhook.url into zepix.toml and its address into .env, and start the host again."


class NoChannel(ZepixError):
    """Notices stay on this machine."""

    exit_code = 1


@click.command()
@home_option
@format_option
def command(home: Home, shape: str) -> int:
    """Send a test notice through every channel, and tell the answer.

    A running host sends it the way of all notices; when it is stopped, this command sends it itself. Ends
    with 1 when it was not taken.
    """
    from zepix_core.cli.client import find_host
    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_rows

    client = find_host(existing(home))
    rows: list[dict[str, Any]] = client.post("notify/test") if client is not None else _directly(home)
    if not rows:
        raise NoChannel("No channel is set: notices stay on this machine.", SET_ONE)
    rows = [{**row, "seconds": round(row["seconds"], 3)} for row in rows]
    print_rows(rows, COLUMNS, shape)
    if client is None:
        click.echo("No host runs: this command sent it itself, past the outbox.", err=True)
    return 0 if all(row["state"] == "sent" for row in rows) else 1


def _directly(home: Home) -> list[dict[str, Any]]:
    import attrs

    from zepix_core.cli.client import who
    from zepix_core.clock import SystemClock
    from zepix_core.config.files import load_settings
    from zepix_core.notify.trial import tell_directly

    settings = load_settings(home).settings.notify.webhook
    answer = asyncio.run(tell_directly(settings, SystemClock(), f"cli:{who()}"))
    return [] if answer is None else [attrs.asdict(answer)]
