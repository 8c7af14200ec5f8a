"""The parts of one close: a broker may fill less than was asked, and what is missing is an intent of its own.

Each part's id comes from the one before, so that a repeat of the close, a look-up that ends late and a new
life of the host find the same chain.
"""

import sqlite3

import attrs

from zepix_core.journal import intent_rows
from zepix_core.journal.intents import OVER, intent_id
from zepix_core.journal.ledger import LEAST
from zepix_core.journal.outcomes import SETTLED
from zepix_core.model.order import Action, Intent
from zepix_core.services.calls import CloseRequest

PARTS = 5
"""So many intents are made for one close at most."""

_COUNT = (
    "SELECT count(*) FROM intents WHERE account = ? AND action = 'close' AND position_id = ?"
    " AND position_id != 0 AND alert_key = ?"
)


@attrs.frozen(kw_only=True)
class CloseCase:
    """One close under way.

    Attributes:
        entry: What opened the position.
        key: What the close is keyed by; ``first``: the id of its first part.
        parts: What was asked of the broker for it so far, in order.
        late: Nobody waits for it: it goes on with the volume of the part that is known.
    """

    entry: Intent
    request: CloseRequest
    key: str
    first: str
    alert_id: int | None
    parts: tuple[Intent, ...] = ()
    late: bool = False

    @property
    def last(self) -> Intent | None:
        return self.parts[-1] if self.parts else None

    @property
    def done(self) -> tuple[Intent, ...]:
        """The parts that the broker has carried out."""
        return tuple(part for part in self.parts if part.state in SETTLED)

    @property
    def retried(self) -> Intent | None:
        """A part that was certainly not executed: it is sent again, under its own id."""
        last = self.last
        return last if last is not None and last.state in OVER else None

    @property
    def whole(self) -> bool:
        """All of the position is to go."""
        return self.request.percentage >= 100 and not self.late

    def with_part(self, part: Intent) -> "CloseCase":
        """With the newest part as it stands now."""
        known = [one for one in self.parts if one.intent_id != part.intent_id]
        return attrs.evolve(self, parts=(*known, part))


def first_id(key: str, entry: Intent, percentage: float) -> str:
    """Id of the first part of a close."""
    what = f"{entry.leg}@{entry.position_id}/{percentage:g}"
    return intent_id(key, entry.plugin, what, Action.CLOSE)


def next_id(part: Intent) -> str:
    """Id of the part after ``part``."""
    return intent_id(part.alert_key, part.plugin, f"{part.leg}@{part.intent_id}", Action.CLOSE)


def missing(part: Intent) -> float:
    """Lots that a settled part was asked to close and did not; 0.0 when it closed them all.

    A part that filled nothing found the position gone: then nothing is missing.
    """
    rest = round(part.lots - part.fill_lots, 8)
    return rest if part.state in SETTLED and part.fill_lots > LEAST and rest > LEAST else 0.0


def known(connection: sqlite3.Connection, first: str) -> tuple[Intent, ...]:
    """The parts that were made so far, in order."""
    parts: list[Intent] = []
    part = intent_rows.get(connection, first)
    while part is not None:
        parts.append(part)
        part = intent_rows.get(connection, next_id(part))
    return tuple(parts)


def made(connection: sqlite3.Connection, part: Intent) -> int:
    """How many closes of its position the same alert, or the same key, has made."""
    found: int = connection.execute(_COUNT, (part.account, part.position_id, part.alert_key)).fetchone()[0]
    return found
