"""``zepix paper orders``."""

import click

from zepix_core.cli.options import listing_options
from zepix_core.config.home import Home

COLUMNS = (
    "ticket",
    "position",
    "action",
    "symbol",
    "side",
    "volume",
    "filled",
    "price",
    "sl",
    "tp",
    "magic",
    "comment",
    "reason",
    "book",
    "time",
)


@click.command()
@listing_options
def command(home: Home, shape: str, everything: bool) -> None:
    """List the paper broker's orders."""
    from zepix_core.broker.paper.listing import paper_orders
    from zepix_core.cli import columns
    from zepix_core.cli.output import print_rows
    from zepix_core.cli.source import listing

    rows = listing(home, "paper/orders", home.paper_db, paper_orders, everything)
    print_rows(rows, COLUMNS, shape, "The paper broker has no orders.", columns.PAPER_ORDERS)
