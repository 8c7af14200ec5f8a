"""``zepix alerts list``."""

import click

from zepix_core.cli.options import listing_options
from zepix_core.config.home import Home

COLUMNS = (
    "id", "key", "external_id", "received_at", "kind", "symbol", "timeframe", "state", "reason", "body",
)  # fmt: skip


@click.command()
@listing_options
def command(home: Home, shape: str, everything: bool) -> None:
    """List alerts with what became of them."""
    from zepix_core.cli import columns
    from zepix_core.cli.output import print_rows
    from zepix_core.cli.source import listing
    from zepix_core.journal.listing import list_alerts

    rows = listing(home, "alerts", home.journal_db, list_alerts, everything)
    empty = "No alerts yet. `zepix url` prints where to send them."
    print_rows(rows, COLUMNS, shape, empty, columns.alerts())
