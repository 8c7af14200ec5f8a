"""``zepix doctor``."""

from typing import Any

import click

from zepix_core.cli.options import format_option, home_option
from zepix_core.config.home import Home

COLUMNS = ("check", "result", "detail", "hint")


@click.command()
@home_option
@format_option
def command(home: Home, shape: str) -> int:
    """Check this home and say what to repair.

    Ends with 1 when something is bad; a warning alone is no reason.
    """
    from zepix_core.cli.checkup import check_up
    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_rows

    rows: list[dict[str, Any]] = check_up(existing(home))
    print_rows(rows, COLUMNS, shape)
    return 1 if any(row["result"] == "bad" for row in rows) else 0
