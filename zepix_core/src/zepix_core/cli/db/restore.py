"""``zepix db restore``."""

from pathlib import Path

import click

from zepix_core.cli.options import format_option, home_option
from zepix_core.config.home import Home


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Ask nothing; needed where nobody can be asked.")
@home_option
@format_option
def command(home: Home, shape: str, file: Path, yes: bool) -> int:
    """Put a backup in the place of its database.

    FILE as `zepix db backup` or the host named it; its name says which database it is of. The host must be
    stopped. The copy is checked first; a journal has to be of the same account. What is there now is kept in
    the folder backups. A journal comes back with entries paused: start the host, look at `zepix reconcile`,
    then `zepix resume`.
    """
    from zepix_core.cli.confirm import confirmed
    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_facts
    from zepix_core.clock import SystemClock
    from zepix_core.journal.restoring import look, put_back

    with existing(home).held():
        copy = look(file.absolute(), home.data)
        if copy.is_journal:
            require_account(home, copy.account)
        if copy.doubts:
            click.echo(f"The copy is readable, but: {copy.doubts}", err=True)
        if not confirmed(f"Put {file.name} in the place of {copy.path}?", yes):
            return 1
        aside = put_back(copy, home.backups, SystemClock(), "cli")
    facts = {"file": copy.path.name, "backup": str(copy.backup), "kept": str(aside or "-")}
    if copy.is_journal:
        facts |= {"account": copy.account or "-", "entries": "paused"}
    print_facts(facts, shape)
    if copy.is_journal:
        click.echo(
            "Start the host: it compares its books with the broker's and takes in what happened since. Then "
            "look at `zepix reconcile`, and let entries through again with `zepix resume`.",
            err=True,
        )
    return 0


def require_account(home: Home, account: str) -> None:
    """A journal of one account must not come to trade another.

    Raises:
        SettingsError: It is another account's.
    """
    from zepix_core.errors import SettingsError
    from zepix_core.journal.restoring import account_of

    expected = account_of(home.journal_db) or _configured(home)
    if account and expected and account != expected:
        raise SettingsError(
            f"The backup is of account {account}; this home trades {expected}.",
            "Take a backup of this account, or another --home.",
        )


def _configured(home: Home) -> str:
    """The account that the settings name, ``""`` when they name none."""
    from zepix_core.broker.paper.broker import SERVER
    from zepix_core.config.files import load_settings

    settings = load_settings(home).settings
    if settings.broker == "paper":
        return f"{settings.paper.login}@{SERVER}"
    return f"{settings.mt5.login}@{settings.mt5.server}" if settings.mt5 is not None else ""
