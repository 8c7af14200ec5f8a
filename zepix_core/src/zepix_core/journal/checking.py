"""Whether a journal holds together: its references, its chain, its totals."""

import sqlite3

import attrs

from zepix_core.errors import StorageError
from zepix_core.journal.events import verify
from zepix_core.journal.recount import differences


@attrs.frozen(kw_only=True)
class Checked:
    """What was found.

    Attributes:
        fault: ``""`` when it holds together.
        events: Rows of the chain.
        totals: The fault is one of the totals, which can be counted again.
    """

    fault: str = ""
    events: int = 0
    totals: bool = False


def broken_reference(connection: sqlite3.Connection) -> str:
    """A row that names another one that is not there, ``""`` when there is none."""
    broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    return "" if broken is None else f"a row of {broken[0]} has no {broken[2]}"


def check_journal(connection: sqlite3.Connection) -> Checked:
    """Look at everything but the pages themselves, by a connection that only reads."""
    if fault := broken_reference(connection):
        return Checked(fault=fault)
    try:
        events = verify(connection)
    except StorageError as error:
        return Checked(fault=str(error))
    connection.execute("BEGIN")  # one moment: a host may be booking deals
    try:
        wrong = differences(connection)
    finally:
        connection.execute("ROLLBACK")
    if not wrong:
        return Checked(events=events)
    more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    return Checked(fault=f"{wrong[0]}{more}", events=events, totals=True)
