"""``zepix doctor``."""

import json

import click

from zepix_core.cli.options import format_option, home_option
from zepix_core.config.home import Home

COLUMNS = ("name", "result", "detail", "next")
NO_HOST = 3


@click.command()
@click.option("--public", is_flag=True, help="Also call web.public_url and see that it leads back here.")
@home_option
@format_option
def command(home: Home, public: bool, shape: str) -> int:
    """Check this home and say what to repair.

    Ends with 1 when something is bad; a warning alone is no reason. With --public, 3 when no host runs.
    """
    from zepix_core.cli.checkup import check_up
    from zepix_core.cli.finding import as_row
    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_rows

    findings = list(check_up(existing(home)))
    running = True
    if public:
        from zepix_core.cli.public import round_trip
        from zepix_core.cli.public_address import NAME

        trip = round_trip(home)
        running = trip is not None
        if trip is not None:
            # The trip judges the address itself: one row for one cause.
            findings = [finding for finding in findings if finding.name != NAME] + trip
    rows = [as_row(finding) for finding in findings]
    if shape == "json":
        click.echo(json.dumps({"checks": rows}, indent=2, ensure_ascii=False))
    else:
        print_rows(rows, COLUMNS, shape)
    if not running:
        click.echo("No host runs, so nothing can come back to it. Start it with `zepix run`.", err=True)
        return NO_HOST
    return 0 if all(finding.ok for finding in findings) else 1
