"""``zepix db check``."""

import sqlite3
from pathlib import Path
from typing import Any

import click

from zepix_core.cli.options import format_option, home_option
from zepix_core.config.home import Home

COLUMNS = ("file", "state", "detail")


@click.command()
@click.option(
    "--repair", is_flag=True, help="Count the journal's totals again first; the host must be stopped."
)
@home_option
@format_option
def command(home: Home, shape: str, repair: bool) -> int:
    """Check the databases and the journal's chain.

    Its totals have to be the sums of its deals, too. Reads only, without --repair; it may run beside the
    host. Ends with 1 when something is wrong.
    """
    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_rows

    if repair:
        repair_totals(existing(home))
    rows = check_files(existing(home))
    print_rows(rows, COLUMNS, shape, "There is no database yet.")
    return 0 if all(row["state"] == "ok" for row in rows) else 1


def check_files(home: Home) -> list[dict[str, Any]]:
    """One row a database: ``ok`` or ``bad`` with what was found."""
    return [_check(path) for path in sorted(home.data.glob("*.db"))]


def repair_totals(home: Home) -> None:
    """Count the totals again from the deals. Tables that an earlier version did not make are made; nothing
    else is touched.

    Raises:
        SettingsError: There is no journal or it is damaged, a host runs on this home, or its settings are not
            valid.
    """
    from zepix_core.clock import SystemClock
    from zepix_core.config.files import load_settings
    from zepix_core.errors import SettingsError, StorageError
    from zepix_core.journal.opening import prepare_tables
    from zepix_core.journal.recount import rebuild
    from zepix_core.rules.trading_day import TradingDays
    from zepix_core.storage.connection import Durability, open_writer

    settings = load_settings(home).settings
    days = TradingDays.named(settings.daily_reset_time, settings.timezone)
    with home.held():
        if not home.journal_db.exists():
            raise SettingsError(
                f"There is no journal to repair: {home.journal_db} is missing.",
                "The first `zepix run` makes it; if there was one, put the newest backup in its place.",
            )
        try:
            connection = open_writer(home.journal_db, Durability.FULL)
        except StorageError as error:
            raise SettingsError(error.message, error.hint) from error
        try:
            connection.execute("BEGIN IMMEDIATE")
            prepare_tables(connection, home.journal_db)
            rebuild(connection, SystemClock(), days)
            connection.execute("COMMIT")
        finally:
            connection.close()


def _check(path: Path) -> dict[str, Any]:
    from zepix_core.errors import StorageError
    from zepix_core.journal.checking import broken_reference, check_journal
    from zepix_core.storage.connection import open_reader

    try:
        connection = open_reader(path)
    except StorageError as error:
        return _bad(path, error.message)
    try:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
        if found != ["ok"]:
            return _bad(path, "; ".join(found))
        if path.name != "journal.db":
            fault = broken_reference(connection)
            return _bad(path, fault) if fault else _fine(path, "integrity")
        checked = check_journal(connection)
        if checked.totals:
            return _bad(path, f"{checked.fault}; stop the host and run `zepix db check --repair`")
        if checked.fault:
            return _bad(path, checked.fault)
        return _fine(path, f"integrity, chain of {checked.events} events, totals")
    except (sqlite3.Error, StorageError) as error:
        return _bad(path, str(error))
    finally:
        connection.close()


def _bad(path: Path, detail: str) -> dict[str, Any]:
    return {"file": path.name, "state": "bad", "detail": detail}


def _fine(path: Path, detail: str) -> dict[str, Any]:
    return {"file": path.name, "state": "ok", "detail": detail}
