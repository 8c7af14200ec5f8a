"""``zepix alerts send``."""

import json
import sys
from pathlib import Path

import click

from zepix_core.cli.options import format_option, home_option
from zepix_core.config.home import Home

COLUMNS = ("line", "http", "id", "status", "reason", "body")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@home_option
@format_option
def command(home: Home, shape: str, file: Path) -> int:
    """Send an alert to the running host's webhook.

    FILE holds the text of one alert, or - for standard input. Of a .jsonl file whose lines are objects with
    a "body", each body is sent. Ends with 1 when one of them was refused.
    """
    from zepix_core.cli.client import need_host
    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_rows

    data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    bodies = read_bodies(data) if file.suffix == ".jsonl" else [data]
    client = need_host(existing(home))
    rows: list[dict[str, object]] = []
    for number, body in enumerate(bodies, 1):
        status, text = client.send_alert(body)
        rows.append({"line": number, "http": status, **_answer(text), "body": _shown(body)})
    print_rows(rows, COLUMNS, shape, "The file holds no alert.")
    return 0 if all(row["http"] == 200 for row in rows) else 1


def read_bodies(data: bytes) -> list[bytes]:
    """The bodies of a .jsonl file: the text under ``body``, or the whole line when it has none."""
    bodies = []
    for line in data.splitlines():
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        text = value.get("body") if isinstance(value, dict) else None
        bodies.append(text.encode() if isinstance(text, str) else line)
    return bodies


def _answer(text: str) -> dict[str, object]:
    try:
        told = json.loads(text)
    except ValueError:
        return {"id": None, "status": None, "reason": text.strip() or None}
    if not isinstance(told, dict):
        return {"id": None, "status": None, "reason": text}
    reason = told.get("reason") or told.get("error") or told.get("code")
    return {**told, "id": told.get("id"), "status": told.get("status"), "reason": reason}


def _shown(body: bytes) -> str:
    text = " ".join(body.decode("utf-8", "replace").split())
    return text if len(text) <= 60 else text[:59] + "…"
