"""``zepix limits list``."""

import click

from zepix_core.cli.options import format_option, home_option
from zepix_core.config.home import Home

COLUMNS = ("which", "scope", "loss", "limit", "open_risk", "remaining", "reached", "until", "lift")


@click.command()
@home_option
@format_option
def command(home: Home, shape: str) -> None:
    """List the loss limits: how far each is used, and until when it holds.

    Losses are those of closed trades, profits not netted; the open risk is what open positions and orders on
    their way can still lose. A new trade has to fit in what remains of every limit.
    """
    from zepix_core.cli.client import need_host
    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_rows

    rows = need_host(existing(home)).get("limits")
    print_rows(rows, COLUMNS, shape, "The account cannot be read now; without a balance there is no tier.")
