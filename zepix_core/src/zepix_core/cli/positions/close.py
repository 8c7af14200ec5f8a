"""``zepix positions close``."""

import click

from zepix_core.cli.options import format_option, home_option
from zepix_core.config.home import Home


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("ticket", type=int)
@home_option
@format_option
def command(home: Home, shape: str, ticket: int) -> None:
    """Close one position.

    TICKET as `zepix positions list` shows it; shadow positions have a negative one.
    """
    from zepix_core.cli.client import need_host
    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_facts

    told = need_host(existing(home)).post(f"positions/{ticket}/close")
    if shape == "table" and told.get("message"):
        click.echo(f"Position {ticket}: {told['message']}; nothing was done. Its result:")
    print_facts(told, shape)
