"""``zepix panic``."""

import click

from zepix_core.cli.options import format_option, home_option
from zepix_core.config.home import Home


@click.command()
@click.option(
    "--level",
    type=click.Choice(("entries", "flatten", "lock")),
    default="entries",
    show_default=True,
    help="entries: no more of them. flatten: also close all our positions. lock: and stay so over restarts.",
)
@home_option
@format_option
def command(home: Home, shape: str, level: str) -> int:
    """Brake at once; close everything if asked to.

    Ends with 1 when a position could not be closed.
    """
    from zepix_core.cli.client import need_host
    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_facts

    told = need_host(existing(home)).post("panic", {"level": level})
    closed = told["closed"]
    failed = [result for result in closed if not result["success"]]
    facts = {"level": told["level"], "closed": len(closed) - len(failed), "not_closed": len(failed)}
    print_facts({**facts, "results": closed} if shape != "table" else facts, shape)
    for result in failed if shape == "table" else ():
        click.echo(f"{result['order_id']}: {result['code']} {result['message']}", err=True)
    return 1 if failed else 0
