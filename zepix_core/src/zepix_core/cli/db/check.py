"""``zepix db check``."""

import sqlite3
from pathlib import Path
from typing import Any

import click

from zepix_core.cli.options import format_option, home_option
from zepix_core.config.home import Home

COLUMNS = ("file", "state", "detail")


@click.command()
@home_option
@format_option
def command(home: Home, shape: str) -> int:
    """Check the databases and the journal's chain.

    Reads only; it may run beside the host. Ends with 1 when something is wrong.
    """
    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_rows

    rows = check_files(existing(home))
    print_rows(rows, COLUMNS, shape, "There is no database yet.")
    return 0 if all(row["state"] == "ok" for row in rows) else 1


def check_files(home: Home) -> list[dict[str, Any]]:
    """One row a database: ``ok`` or ``bad`` with what was found."""
    return [_check(path) for path in sorted(home.data.glob("*.db"))]


def _check(path: Path) -> dict[str, Any]:
    from zepix_core.errors import StorageError
    from zepix_core.journal.events import verify
    from zepix_core.storage.connection import open_reader

    try:
        connection = open_reader(path)
    except StorageError as error:
        return {"file": path.name, "state": "bad", "detail": error.message}
    try:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
        if found != ["ok"]:
            return {"file": path.name, "state": "bad", "detail": "; ".join(found)}
        broken = connection.execute("PRAGMA foreign_key_check").fetchone()
        if broken is not None:
            return {"file": path.name, "state": "bad", "detail": f"a row of {broken[0]} has no {broken[2]}"}
        if path.name != "journal.db":
            return {"file": path.name, "state": "ok", "detail": "integrity"}
        return {
            "file": path.name,
            "state": "ok",
            "detail": f"integrity, chain of {verify(connection)} events",
        }
    except (sqlite3.Error, StorageError) as error:
        return {"file": path.name, "state": "bad", "detail": str(error)}
    finally:
        connection.close()
