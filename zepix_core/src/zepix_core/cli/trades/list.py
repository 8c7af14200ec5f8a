"""``zepix trades list``."""

import click

from zepix_core.cli.options import listing_options
from zepix_core.config.home import Home

COLUMNS = (
    "ticket",
    "plugin",
    "alert_id",
    "external_id",
    "symbol",
    "side",
    "leg",
    "lots",
    "price_open",
    "sl",
    "tp",
    "status",
    "closed_lots",
    "price_close",
    "profit",
    "reason",
    "opened_at",
    "closed_at",
    "book",
)


@click.command()
@listing_options
def command(home: Home, shape: str, everything: bool) -> None:
    """List trades, open and closed."""
    from zepix_core.cli import columns
    from zepix_core.cli.output import print_rows
    from zepix_core.cli.source import listing
    from zepix_core.journal.listing import list_trades

    rows = listing(home, "trades", home.journal_db, list_trades, everything)
    print_rows(rows, COLUMNS, shape, "No trades yet.", columns.TRADES)
