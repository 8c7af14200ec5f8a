"""``zepix pause``."""

import click

from zepix_core.cli.options import format_option, home_option
from zepix_core.config.home import Home


@click.command()
@home_option
@format_option
def command(home: Home, shape: str) -> None:
    """Let no entry through; closing goes on."""
    from zepix_core.cli.client import need_host
    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_facts

    state = need_host(existing(home)).post("pause")
    print_facts({"paused": state["paused"], "panic": state["panic"]}, shape)
