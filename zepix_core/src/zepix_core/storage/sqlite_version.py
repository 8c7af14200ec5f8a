"""What is known of the SQLite that this Python brings."""

import logging
import sqlite3

FIRST, CURED = (3, 7, 0), (3, 51, 3)
CURED_EARLIER = {(3, 44): 6, (3, 50): 7}

log = logging.getLogger(__name__)


def has_wal_defect(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """True where a write-ahead log can be damaged by two connections that write or checkpoint: 3.7.0 to
    3.51.2, save those that got the correction."""
    if not FIRST <= version < CURED:
        return False
    cured = CURED_EARLIER.get((version[0], version[1]))
    return cured is None or version[2] < cured


def tell_version() -> None:
    """Log the version, and what not to do with an affected one."""
    log.info("SQLite %s", sqlite3.sqlite_version)
    if has_wal_defect():
        log.warning(
            "SQLite %s has the WAL-reset defect. Zepix avoids it, as each file has one writer: let no other "
            "program write the databases while the host runs.",
            sqlite3.sqlite_version,
        )
