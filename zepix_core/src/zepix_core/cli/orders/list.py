"""``zepix orders list``."""

import click

from zepix_core.cli.options import listing_options
from zepix_core.config.home import Home

COLUMNS = (
    "intent_id",
    "alert_id",
    "external_id",
    "plugin",
    "leg",
    "action",
    "symbol",
    "side",
    "lots",
    "price",
    "sl",
    "tp",
    "state",
    "reason",
    "ticket",
    "fill_price",
    "comment",
)


@click.command()
@listing_options
def command(home: Home, shape: str, everything: bool) -> None:
    """List orders with their states."""
    from zepix_core.cli import columns
    from zepix_core.cli.output import print_rows
    from zepix_core.cli.source import listing
    from zepix_core.journal.listing import list_orders

    rows = listing(home, "orders", home.journal_db, list_orders, everything)
    print_rows(rows, COLUMNS, shape, "No orders yet.", columns.orders(rows))
