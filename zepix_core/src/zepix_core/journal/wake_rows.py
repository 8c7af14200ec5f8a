"""The rows of the table ``wakes``: what plugins wait for, and what came of it."""

import sqlite3
from collections.abc import Sequence
from typing import Any

import attrs

from zepix_core.clock import NS, Clock, moment
from zepix_core.errors import BadArgument
from zepix_core.journal import events
from zepix_core.journal.levels import Level
from zepix_core.model.wake import Wake

MOST_WAITING = 500
KEPT_NS = 30 * 86_400 * NS
_COLUMNS = "id, plugin, key, state, symbol, quote, direction, level, due_ns, alert_id"
_WAITING = f"SELECT {_COLUMNS} FROM wakes WHERE state = 'waiting' ORDER BY plugin, id"  # noqa: S608 (constants)
_BY_KEY = f"SELECT {_COLUMNS} FROM wakes WHERE plugin = ? AND key = ? AND state != 'cancelled'"  # noqa: S608 (constants)
_BY_ID = f"SELECT {_COLUMNS} FROM wakes WHERE id = ?"  # noqa: S608 (constants)
_COUNT = "SELECT count(*) FROM wakes WHERE plugin = ? AND state = 'waiting'"
_INSERT = (
    "INSERT INTO wakes"
    " (id, plugin, key, state, symbol, quote, direction, level, due_ns, alert_id, created_ns)"
    " VALUES (?, ?, ?, 'waiting', ?, ?, ?, ?, ?, ?, ?)"
)
_END = "UPDATE wakes SET state = ?, ended_ns = ?, price = ? WHERE id = ? AND state = 'waiting'"
_PRUNE = "DELETE FROM wakes WHERE state IN ('fired', 'cancelled') AND ended_ns < ?"


@attrs.frozen(kw_only=True)
class Wish:
    """What to wake a plugin for: a level, or a moment in UTC nanoseconds."""

    plugin: str
    key: str
    level: Level | None = None
    due_ns: int | None = None
    alert_id: int | None = None

    def facts(self) -> dict[str, object]:
        """For the journal."""
        level = self.level
        if level is None:
            return {"key": self.key, "at": moment(self.due_ns or 0)}
        side = "above" if level.above else "below"
        return {"key": self.key, "symbol": level.symbol, "quote": level.quote, side: level.price}


@attrs.frozen(kw_only=True)
class WakeRow:
    """One row; ``state`` is ``waiting``, ``fired`` or ``cancelled``."""

    id: int
    state: str
    wish: Wish

    @property
    def handle(self) -> str:
        """How the plugin names it."""
        return f"w{self.id}"


@attrs.frozen
class Hit:
    """What has come: the quote's time and price, or the moment asked for and ``None``."""

    id: int
    at_ns: int
    price: float | None = None


def waiting(connection: sqlite3.Connection) -> list[WakeRow]:
    """All that is waited for, by plugin, oldest first."""
    return [_row(values) for values in connection.execute(_WAITING)]


def find(connection: sqlite3.Connection, number: int) -> WakeRow | None:
    """The row of that number."""
    values = connection.execute(_BY_ID, (number,)).fetchone()
    return None if values is None else _row(values)


def ask(connection: sqlite3.Connection, clock: Clock, wish: Wish) -> WakeRow:
    """Write a wish down, or find the row that has its key already.

    Raises:
        BadArgument: The plugin waits for too much.
    """
    found = connection.execute(_BY_KEY, (wish.plugin, wish.key)).fetchone()
    if found is not None:
        return _row(found)
    (count,) = connection.execute(_COUNT, (wish.plugin,)).fetchone()
    if count >= MOST_WAITING:
        raise BadArgument(
            f"{wish.plugin} waits for {count} levels and times already, which is the most.",
            "Cancel what is not needed any more.",
        )
    number = events.append(
        connection, clock, "wake_asked", wish.facts(), alert_id=wish.alert_id, plugin=wish.plugin
    )
    level = wish.level
    told = (None,) * 4 if level is None else (level.symbol, level.quote, _direction(level), level.price)
    connection.execute(
        _INSERT, (number, wish.plugin, wish.key, *told, wish.due_ns, wish.alert_id, clock.now_ns())
    )
    return WakeRow(id=number, state="waiting", wish=wish)


def fire(connection: sqlite3.Connection, clock: Clock, hits: Sequence[Hit]) -> list[str]:
    """End the waiting of what has come and write its wake; the plugins that have one now.

    What was cancelled in the meantime does not come.
    """
    plugins = []
    for hit in hits:
        row = find(connection, hit.id)
        if row is None or not _end(connection, clock, hit.id, "fired", hit.price):
            continue
        wish = row.wish
        symbol = None if wish.level is None else wish.level.symbol
        wake = Wake(key=wish.key, at=moment(hit.at_ns), symbol=symbol, price=hit.price, handle=row.handle)
        events.append(
            connection, clock, "wake", attrs.asdict(wake), alert_id=wish.alert_id, plugin=wish.plugin
        )
        plugins.append(wish.plugin)
    prune(connection, clock)
    return plugins


def cancel(connection: sqlite3.Connection, clock: Clock, plugin: str, number: int) -> bool:
    """Wait for it no longer; True when it does not come, also when it was cancelled before."""
    row = find(connection, number)
    if row is None or row.wish.plugin != plugin:
        return False
    if _end(connection, clock, number, "cancelled"):
        events.append(
            connection, clock, "wake_cancelled", row.wish.facts(),
            alert_id=row.wish.alert_id, plugin=plugin,
        )  # fmt: skip
        return True
    return row.state == "cancelled"


def prune(connection: sqlite3.Connection, clock: Clock) -> None:
    """Forget what ended 30 days ago."""
    connection.execute(_PRUNE, (clock.now_ns() - KEPT_NS,))


def _end(
    connection: sqlite3.Connection, clock: Clock, number: int, state: str, price: float | None = None
) -> bool:
    return connection.execute(_END, (state, clock.now_ns(), price, number)).rowcount == 1


def _direction(level: Level) -> str:
    return "above" if level.above else "below"


def _row(values: tuple[Any, ...]) -> WakeRow:
    number, plugin, key, state, symbol, quote, direction, price, due_ns, alert_id = values
    level = None
    if symbol is not None:
        level = Level(symbol=symbol, quote=quote, above=direction == "above", price=price)
    wish = Wish(plugin=plugin, key=key, level=level, due_ns=due_ns, alert_id=alert_id)
    return WakeRow(id=number, state=state, wish=wish)
