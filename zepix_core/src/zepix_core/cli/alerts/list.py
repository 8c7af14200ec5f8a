"""``zepix alerts list``."""

import click

from zepix_core.cli.options import listing_options
from zepix_core.config.home import Home

COLUMNS = (
    "id", "key", "external_id", "received_at", "kind", "symbol", "timeframe", "state", "reason", "plugins",
    "body",
)  # fmt: skip
BODY_SHOWN = 60


@click.command()
@listing_options
def command(home: Home, shape: str, everything: bool) -> None:
    """List alerts with what became of them."""
    from zepix_core.cli.output import print_rows
    from zepix_core.cli.source import listing
    from zepix_core.journal.listing import list_alerts

    rows = listing(home, "alerts", home.journal_db, list_alerts, everything)
    if shape == "table":
        for row in rows:
            row["plugins"] = [f"{d['plugin']}: {d['reason'] or d['state']}" for d in row["deliveries"]]
            body = " ".join(row["body"].split())
            row["body"] = body if len(body) <= BODY_SHOWN else body[: BODY_SHOWN - 1] + "…"
    print_rows(rows, COLUMNS, shape, "No alerts yet. `zepix url` prints where to send them.")
