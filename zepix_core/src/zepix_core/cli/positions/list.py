"""``zepix positions list``."""

from typing import Any

import click

from zepix_core.cli.options import listing_options
from zepix_core.config.home import Home

COLUMNS = (
    "ticket", "plugin", "leg", "alert_id", "external_id", "symbol", "side", "lots", "price_open",
    "price_current", "sl", "tp", "profit", "book", "comment", "opened_at",
)  # fmt: skip


@click.command()
@listing_options
def command(home: Home, shape: str, everything: bool) -> None:
    """List open positions.

    A running host asks the broker; of a stopped one the journal is read, without current prices. All are
    shown, with or without --all.
    """
    from zepix_core.cli import columns
    from zepix_core.cli.output import print_rows
    from zepix_core.cli.source import listing
    from zepix_core.journal.listing import open_trades
    from zepix_core.journal.positions import positions_of

    def offline(connection: Any, _: int | None) -> Any:
        return positions_of(open_trades(connection))

    rows = listing(home, "positions", home.journal_db, offline, everything)
    print_rows(rows, COLUMNS, shape, "No open positions.", columns.POSITIONS)
