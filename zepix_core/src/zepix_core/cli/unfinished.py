"""What ``zepix doctor`` says of orders whose outcome is not certain."""

import sqlite3
from collections import Counter
from collections.abc import Iterator

from zepix_core.cli.finding import WARN, Finding
from zepix_core.config.home import Home
from zepix_core.errors import SettingsError

COUNT = (
    "SELECT state, COUNT(*) FROM intents"
    " WHERE state IN ('planned', 'sending', 'placed', 'unknown', 'needs_human') GROUP BY state"
)
PERSON = "needs_human"


def unfinished_findings(home: Home) -> Iterator[Finding]:
    """Orders that wait for the broker's word, and those that wait for a person's; nothing when none does."""
    from zepix_core.cli.source import from_file

    try:
        counted: Counter[str] = Counter(from_file(home.journal_db, _count) or {})
    except SettingsError:
        return  # the row of the database says why
    person = counted.pop(PERSON, 0)
    if counted:
        parts = ", ".join(f"{count} {state}" for state, count in sorted(counted.items()))
        yield Finding("unfinished orders", WARN, parts, "The host looks them up; see `zepix orders list`.")
    if person:
        yield Finding("orders for a person", WARN, f"{person} wait", "zepix reconcile")


def _count(connection: sqlite3.Connection) -> dict[str, int]:
    return {str(state): int(count) for state, count in connection.execute(COUNT)}
