"""``zepix panic``."""

import click

from zepix_core.cli.options import format_option, home_option
from zepix_core.config.home import Home


@click.command()
@click.option(
    "--level",
    type=click.Choice(("entries", "flatten", "lock")),
    default="lock",
    show_default=True,
    help="entries: no more of them. flatten: also close all our positions. lock: and ask before `resume`.",
)
@home_option
@format_option
def command(home: Home, shape: str, level: str) -> int:
    """Brake at once and close everything.

    All levels stay over restarts, until `zepix resume`. What cannot be closed now, because the broker is away
    or refuses, the host tries again until nothing is left; `zepix status` says so. Ends with 1 while a
    position is open.
    """
    from zepix_core.cli.client import need_host
    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_facts

    told = need_host(existing(home)).post("panic", {"level": level})
    closed, closing = told["closed"], told["state"].get("closing", False)
    left = [result for result in closed if not result["success"] or result["remaining_volume"] > 0]
    facts = {"level": told["level"], "closed": len(closed) - len(left), "not_closed": len(left)}
    print_facts({**facts, "closing": closing, "results": closed} if shape != "table" else facts, shape)
    for result in left if shape == "table" else ():
        why = (
            f"{result['code']} {result['message']}".strip() or f"{result['remaining_volume']:g} lots are left"
        )
        click.echo(f"{result['order_id']}: {why}", err=True)
    if closing and shape == "table":
        click.echo("The host goes on closing until nothing is left.", err=True)
    return 1 if left or closing else 0
