"""``zepix logs``."""

import json
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from zepix_core.cli.options import home_option
from zepix_core.config.home import Home

POLL_SECONDS = 0.5
COLOURS = {"warning": "yellow", "error": "red", "critical": "red", "debug": "bright_black"}


@click.command()
@click.option("--follow", "-f", is_flag=True, help="Go on printing until Ctrl-C.")
@click.option(
    "--lines", type=click.IntRange(min=0), default=100, show_default=True, help="How many lines back."
)
@click.option("--alert", type=int, help="Only lines about this alert.")
@click.option("--plugin", help="Only lines about this plugin.")
@click.option("--json", "raw", is_flag=True, help="Print the lines as they stand, JSON.")
@home_option
def command(home: Home, follow: bool, lines: int, alert: int | None, plugin: str | None, raw: bool) -> int:
    """Print the host's log.

    Ends with 1 when there is none yet.
    """
    from zepix_core.cli.options import existing

    path = existing(home).log_file
    if not path.exists() and not follow:
        click.echo("There is no log yet.", err=True)
        return 1

    def wanted(line: str) -> bool:
        fields = _fields(line)
        return (alert is None or fields.get("alert_id") == alert) and (
            plugin is None or fields.get("plugin") == plugin
        )

    offset = 0
    if path.exists():
        with path.open(encoding="utf-8", errors="replace") as file:
            last = deque((line for line in file if wanted(line)), maxlen=lines)
            offset = file.tell()
        for line in last:
            _print(line, raw)
        if not last and lines and (alert is not None or plugin is not None):
            click.echo(_nothing(home, alert, plugin), err=True)
    try:
        for line in _followed(path, offset) if follow else ():
            if wanted(line):
                _print(line, raw)
    except KeyboardInterrupt:
        return 0
    return 0


def _nothing(home: Home, alert: int | None, plugin: str | None) -> str:
    """Why no line is printed."""
    about = [f"alert {alert}"] if alert is not None else []
    about += [f"plugin {plugin}"] if plugin is not None else []
    told = f"The log has no line about {' and '.join(about)}."
    if plugin is None:
        return f"{told} `zepix why {alert}` tells what the journal knows."
    from zepix_core.cli.plugin_names import known_ids, near

    known = known_ids(home)
    return told if plugin in known else f"{told} There is no such plugin. {near(plugin, known)}".rstrip()


def _followed(path: Path, offset: int) -> Iterator[str]:
    """New lines for ever, over a rotation of the file."""
    rest = ""
    while True:
        try:
            if path.stat().st_size < offset:
                offset, rest = 0, ""
            with path.open(encoding="utf-8", errors="replace") as file:
                file.seek(offset)
                rest += file.read()
                offset = file.tell()
        except FileNotFoundError:
            offset, rest = 0, ""
        *whole, rest = rest.split("\n")
        yield from whole
        time.sleep(POLL_SECONDS)


def _fields(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _print(line: str, raw: bool) -> None:
    fields = _fields(line)
    if raw or not fields:
        click.echo(line.rstrip("\n"))
        return
    at, level = fields.pop("at", ""), str(fields.pop("level", ""))
    event, fields["logger"] = fields.pop("event", ""), fields.get("logger", "")
    exception = fields.pop("exception", None)
    more = " ".join(f"{key}={value}" for key, value in fields.items() if value not in ("", None))
    click.echo(
        f"{at} {click.style(level.ljust(8), COLOURS.get(level))} {event}  {click.style(more, dim=True)}"
    )
    if exception:
        click.echo(exception)
