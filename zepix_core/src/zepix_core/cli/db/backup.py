"""``zepix db backup``."""

from pathlib import Path
from typing import Any

import click

from zepix_core.cli.options import format_option, home_option
from zepix_core.config.home import Home

COLUMNS = ("file", "state", "backup", "bytes")


@click.command()
@click.option("--all", "everything", is_flag=True, help="Every database of the home, not only the journal.")
@home_option
@format_option
def command(home: Home, shape: str, everything: bool) -> int:
    """Back up the journal, or every database, and check the copies.

    It may run beside the host, which makes backups of its own: the journal's every hour. Those the host
    removes when they are old; what this command makes stays. Ends with 1 when one failed.
    """
    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_rows

    paths = sorted(existing(home).data.glob("*.db")) if everything else [home.journal_db]
    rows = [_back_up(home, path) for path in paths if path.exists()]
    print_rows(rows, COLUMNS, shape, "There is no database yet.")
    return 0 if all(row["state"] == "ok" for row in rows) else 1


def _back_up(home: Home, path: Path) -> dict[str, Any]:
    from zepix_core.clock import SystemClock
    from zepix_core.errors import StorageError
    from zepix_core.storage.backup import back_up

    try:
        copy = back_up(path, home.backups, SystemClock())
    except StorageError as error:
        return {"file": path.name, "state": "bad", "backup": str(error), "bytes": 0}
    return {"file": path.name, "state": "ok", "backup": str(copy), "bytes": copy.stat().st_size}
