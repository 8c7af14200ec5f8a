"""``zepix account``."""

from typing import Any

import click

from zepix_core.cli.options import format_option, home_option
from zepix_core.config.home import Home


@click.command()
@home_option
@format_option
def command(home: Home, shape: str) -> None:
    """Show the account.

    Of a stopped host: the paper account's balance as its book holds it.
    """
    from zepix_core.cli.client import find_host
    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_facts

    client = find_host(existing(home))
    print_facts(client.get("account") if client is not None else stopped_account(home), shape)


def stopped_account(home: Home) -> dict[str, Any]:
    """The paper account from its files; equity is unknown while nobody has prices."""
    from zepix_core.broker.paper.listing import paper_balance, paper_positions
    from zepix_core.cli.source import from_file
    from zepix_core.config.files import load_settings

    paper = load_settings(home).settings.paper
    balance = from_file(home.paper_db, paper_balance)
    open_now = from_file(home.paper_db, paper_positions) or []
    return {
        "login": paper.login,
        "currency": paper.currency,
        "balance": paper.balance if balance is None else balance,
        "equity": None,
        "leverage": paper.leverage,
        "open_positions": len(open_now),
        "running": False,
    }
