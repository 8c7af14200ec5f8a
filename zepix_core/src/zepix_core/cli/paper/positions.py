"""``zepix paper positions``."""

from typing import Any

import click

from zepix_core.cli.options import listing_options
from zepix_core.config.home import Home

COLUMNS = (
    "ticket", "symbol", "side", "volume", "price_open", "sl", "tp", "magic", "comment", "book", "time",
)  # fmt: skip


@click.command()
@listing_options
def command(home: Home, shape: str, everything: bool) -> None:
    """List the paper broker's open positions.

    All are shown, with or without --all.
    """
    from zepix_core.broker.paper.listing import paper_positions
    from zepix_core.cli import columns
    from zepix_core.cli.output import print_rows
    from zepix_core.cli.source import listing

    def offline(connection: Any, _: int | None) -> Any:
        return paper_positions(connection)

    rows = listing(home, "paper/positions", home.paper_db, offline, everything)
    print_rows(rows, COLUMNS, shape, "The paper broker has no open positions.", columns.PAPER_POSITIONS)
