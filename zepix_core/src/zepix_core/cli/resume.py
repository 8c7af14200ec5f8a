"""``zepix resume``."""

import click

from zepix_core.cli.confirm import confirmed
from zepix_core.cli.options import format_option, home_option
from zepix_core.config.home import Home

LOCK = "lock"


@click.command()
@click.option("--yes", is_flag=True, help="Ask nothing; needed where nobody can be asked.")
@home_option
@format_option
def command(home: Home, shape: str, yes: bool) -> int:
    """Let entries through again.

    Ends a pause, a panic and what the breaker stopped. Before it ends a lock it asks.
    """
    from zepix_core.cli.client import need_host
    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_facts

    host = need_host(existing(home))
    stands, _ = host.status()
    locked = stands["panic"] == LOCK
    if locked and not confirmed(f"End the lock ({stands['why']})?", yes):
        return 1
    # A lock that came after the look is nobody's to end unseen.
    state = host.post("resume", {"confirm": locked})
    print_facts({"paused": state["paused"], "panic": state["panic"]}, shape)
    return 0
