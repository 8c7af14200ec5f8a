"""Tables of ``journal.db`` made, and those of an older program brought up to date."""

import sqlite3

from zepix_core.errors import SettingsError
from zepix_core.journal import latches, totals
from zepix_core.storage.journal_schema import SCHEMA_VERSION, TABLES, has_old_outbox, has_old_totals
from zepix_core.storage.script import run_script

_OTHERS = "SELECT 1 FROM deals WHERE account != ? LIMIT 1"


def upgrade(connection: sqlite3.Connection) -> None:
    """Bring the tables to `SCHEMA_VERSION`, inside the caller's write transaction.

    Totals that are dropped here are counted again from the deals before anybody needs them.

    Raises:
        SettingsError: A newer program has made the file.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise SettingsError(
            f"journal.db has version {version}, this program knows {SCHEMA_VERSION}.",
            "Install the newer zepix again.",
        )
    if has_old_totals(connection):
        connection.execute("DROP TABLE totals")
    run_script(connection, TABLES)
    if version == SCHEMA_VERSION:
        return
    if version < 2:
        account = totals.account_in_use(connection)
        alone = connection.execute(_OTHERS, (account,)).fetchone() is None
        latches.give(connection, account, alone)
    if has_old_outbox(connection):
        connection.execute("DROP INDEX IF EXISTS outbox_waiting")
        connection.execute("ALTER TABLE outbox DROP COLUMN state")
    connection.execute("PRAGMA user_version = 3")
