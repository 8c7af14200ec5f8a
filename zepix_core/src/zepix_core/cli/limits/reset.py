"""``zepix limits reset``."""

import click

from zepix_core.cli.confirm import confirmed
from zepix_core.cli.options import format_option, home_option
from zepix_core.config.home import Home


@click.command()
@click.argument("which", type=click.Choice(("daily", "lifetime")), metavar="WHICH")
@click.option("--plugin", default="account", metavar="ID", help="A plugin's own limit, not the account's.")
@click.option("--yes", is_flag=True, help="Ask nothing; needed where nobody can be asked.")
@home_option
@format_option
def command(home: Home, shape: str, which: str, plugin: str, yes: bool) -> int:
    """Lift a limit: losses until now count no more.

    WHICH is daily or lifetime. Entries go through again until as much is lost once more. The journal keeps
    who did it, and the losses.
    """
    from zepix_core.cli.client import need_host
    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_facts

    host = need_host(existing(home))
    if not confirmed(f"Set the {which} loss of {plugin} to 0 and let entries through again?", yes):
        return 1
    print_facts(host.post("limits/reset", {"which": which, "scope": plugin}), shape)
    return 0
