"""``zepix notices list``."""

import sqlite3

import click

from zepix_core.cli.options import listing_options
from zepix_core.config.home import Home
from zepix_core.model.notice import Priority

COLUMNS = ("id", "at", "priority", "type", "plugin", "symbol", "alert_id", "text", "told")


@click.command()
@listing_options
def command(home: Home, shape: str, everything: bool) -> None:
    """List notices, with what became of each in every channel.

    A notice that no channel is to tell, because it is of too little weight or none is set, shows -.
    """
    from zepix_core.cli.columns import notices
    from zepix_core.cli.output import print_rows
    from zepix_core.cli.source import listing
    from zepix_core.journal.notice_rows import NoticeRow, list_notices

    def offline(connection: sqlite3.Connection, limit: int | None) -> tuple[NoticeRow, ...]:
        return list_notices(connection, limit, least=_least(home))

    rows = listing(home, "notices", home.journal_db, offline, everything)
    print_rows(rows, COLUMNS, shape, "No notices yet.", notices())


def _least(home: Home) -> dict[str, Priority]:
    """What each channel takes; nothing is known of that while the settings are not valid."""
    from zepix_core.config.files import load_settings
    from zepix_core.config.notify import least_by_channel
    from zepix_core.errors import SettingsError

    try:
        return least_by_channel(load_settings(home).settings.notify)
    except SettingsError:
        return {}
