"""``zepix limits list``."""

from typing import Any

import click

from zepix_core.cli.options import listing_options
from zepix_core.config.home import Home

COLUMNS = ("which", "scope", "loss", "limit", "open_risk", "remaining", "reached", "until", "lift")
UNKNOWN = "unknown"
LIFTED = "lifted"


@click.command()
@listing_options
def command(home: Home, shape: str, everything: bool) -> None:
    """List the loss limits: how far each is used, and until when it holds.

    Losses are those of closed trades, profits not netted; the open risk is what open positions and orders on
    their way can still lose. A new trade has to fit in what remains of every limit. Of a stopped host: what
    was lost and which limits are reached; what only the account can tell is unknown. All are shown, with or
    without --all.
    """
    from zepix_core.cli.client import find_host
    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_rows

    client = find_host(existing(home))
    rows = client.get("limits") if client is not None else _stopped(home)
    if shape == "table":
        rows = [_shown(row) for row in rows]
    empty = "The account cannot be read now; without a balance there is no tier."
    if client is None:
        empty = "No account was opened yet; start the host with `zepix run`."
    print_rows(rows, COLUMNS, shape, empty)


def _stopped(home: Home) -> list[dict[str, Any]]:
    """The limits as the journal knows them, none before there is one."""
    from zepix_core.cli.source import from_file
    from zepix_core.clock import SystemClock
    from zepix_core.config.files import load_settings
    from zepix_core.journal.resting_limits import resting_limits

    settings, now = load_settings(home).settings.trading, SystemClock().now_ns()
    return from_file(home.journal_db, lambda connection: resting_limits(connection, settings, now)) or []


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """For people: what nobody can tell now is said so, and a lifted limit is not merely unreached."""
    blank = {name: UNKNOWN for name in ("limit", "open_risk", "remaining") if row[name] is None}
    return {**row, **blank, **({"reached": LIFTED, "remaining": LIFTED} if row.get("lifted") else {})}
