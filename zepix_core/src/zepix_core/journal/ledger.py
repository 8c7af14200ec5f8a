"""What is open or on its way by the host's own books: entries with the volume still open."""

import json
import sqlite3
from collections.abc import Collection

import attrs

from zepix_core.journal.intent_rows import MAYBE_OPEN, SELECT, find
from zepix_core.journal.intents import HOLDING
from zepix_core.model.order import Book, ClosedPart, Intent
from zepix_core.services.gate_facts import OpenTrade

_OPEN = SELECT + " WHERE action = 'open' AND account = ? AND " + MAYBE_OPEN + " ORDER BY sequence"
_DISPUTED = SELECT + " WHERE action = 'open' AND account = ? AND state = 'needs_human' AND position_id != 0"
_CLOSED_VOLUME = (
    "SELECT coalesce(sum(volume), 0) FROM deals WHERE position_id = ? AND account = ? AND entry = 'out'"
)
_BOOKED = (
    # The plus keeps the account out of the choice of an index: all deals have the same.
    "SELECT position_id, sum(volume * (entry = 'out')), sum(volume * (entry = 'in')),"
    " sum(-commission * (entry = 'in')) FROM deals WHERE +account = ?1 AND position_id IN"
    " (SELECT position_id FROM intents WHERE action = 'open' AND account = ?1 AND +position_id != 0 AND state"
    " IN ('planned', 'sending', 'placed', 'partly_filled', 'filled', 'unknown', 'adopted'))"
    " GROUP BY position_id"
)
_TODAY = (
    "SELECT count(DISTINCT trade_group) FROM intents WHERE plugin = ? AND created_ns >= ? AND book = ?"
    " AND action = 'open' AND state NOT IN ('denied', 'rejected', 'not_sent', 'dropped')"
)
_LAST_CLOSE = (
    "SELECT max(time_ns) FROM deals WHERE symbol = ? AND book = ? AND entry = 'out' AND time_ns > ?"
    " AND NOT (plugin IS ? AND position_id IN (SELECT value FROM json_each(?)))"
)
_UNBOOKED = (
    "SELECT coalesce(sum(fill_lots), 0) FROM intents WHERE position_id = ? AND position_id != 0"
    " AND account = ? AND action = 'close' AND state IN ('filled', 'closed')"
    " AND NOT EXISTS (SELECT 1 FROM deals d WHERE d.account = intents.account AND d.ticket = deal_ticket)"
)
_STOPS = (
    "SELECT time_ns FROM deals WHERE plugin = ? AND book = ? AND entry = 'out' AND reason = 'sl'"
    " AND time_ns > ? ORDER BY time_ns"
)
_PARTS = (
    "SELECT position_id, alert_key, label, fill_lots FROM intents WHERE account = ? AND action = 'close'"
    " AND fill_lots > 0 AND position_id != 0 AND position_id IN (SELECT value FROM json_each(?))"
    " ORDER BY sequence"
)
LEAST = 1e-7


@attrs.frozen(kw_only=True)
class OpenEntry:
    """An entry and the lots of it that are open or may become so.

    Attributes:
        commission: What closing the rest will cost, as far as known: as much as opening it did.
    """

    intent: Intent
    remaining: float
    commission: float = 0.0

    @property
    def held(self) -> bool:
        """True for a position, False for an order on its way."""
        return self.intent.state in HOLDING and self.intent.position_id != 0


def closed_volume(connection: sqlite3.Connection, account: str, position: int) -> float:
    """Lots of a position that deals have closed."""
    found: float = connection.execute(_CLOSED_VOLUME, (position, account)).fetchone()[0]
    return found


def unbooked_volume(connection: sqlite3.Connection, account: str, position: int) -> float:
    """Lots of a position that the broker has closed and whose deals are not here yet."""
    found: float = connection.execute(_UNBOOKED, (position, account)).fetchone()[0]
    return found


def closed_parts(
    connection: sqlite3.Connection, account: str, positions: Collection[int]
) -> dict[int, tuple[ClosedPart, ...]]:
    """What was asked to be closed of positions and was, by ticket, oldest first."""
    parts: dict[int, tuple[ClosedPart, ...]] = {}
    for position, key, reason, lots in connection.execute(_PARTS, (account, json.dumps(list(positions)))):
        parts[position] = (*parts.get(position, ()), ClosedPart(key=key, reason=reason, lots=lots))
    return parts


def open_entries(connection: sqlite3.Connection, account: str) -> tuple[OpenEntry, ...]:
    """All entries of the account that hold or may hold volume, both books, oldest first."""
    entries: list[OpenEntry] = []
    booked: dict[int, tuple[float, float, float]] = {
        position: (closed, opened, commission)
        for position, closed, opened, commission in connection.execute(_BOOKED, (account,))
    }
    for intent in find(connection, _OPEN, (account,)):
        lots = intent.fill_lots if intent.state in HOLDING else intent.lots
        closed, opened, commission = booked.get(intent.position_id, (0.0, 0.0, 0.0))
        lots = round(lots - closed, 8)
        if lots > LEAST:
            cost = max(0.0, commission) * min(1.0, lots / opened) if opened > LEAST else 0.0
            entries.append(OpenEntry(intent=intent, remaining=lots, commission=cost))
    return tuple(entries)


def disputed_entries(connection: sqlite3.Connection, account: str) -> tuple[OpenEntry, ...]:
    """Positions that wait for a person, as far as no deal has closed them: their money is at risk too."""
    entries: list[OpenEntry] = []
    for intent in find(connection, _DISPUTED, (account,)):
        lots = round(intent.fill_lots - closed_volume(connection, account, intent.position_id), 8)
        if lots > LEAST:
            entries.append(OpenEntry(intent=intent, remaining=lots))
    return tuple(entries)


def trades_of(entries: tuple[OpenEntry, ...], plugin: str, book: Book) -> tuple[OpenTrade, ...]:
    """The plugin's open trades in one book; the legs of a pair are one trade."""
    groups: dict[str, list[OpenEntry]] = {}
    for entry in entries:
        if entry.intent.plugin == plugin and entry.intent.book is book:
            groups.setdefault(entry.intent.group or entry.intent.intent_id, []).append(entry)
    return tuple(
        OpenTrade(
            group=group,
            symbol=legs[0].intent.symbol,
            lots=round(sum(leg.remaining for leg in legs), 8),
            tickets=_tickets(legs),
        )
        for group, legs in groups.items()
    )


def _tickets(legs: list[OpenEntry]) -> tuple[int, ...]:
    """The positions of a trade; empty while a leg has none yet, so that it cannot count as closed."""
    return tuple(leg.intent.position_id for leg in legs) if all(leg.held for leg in legs) else ()


def closing_of(entries: Collection[OpenEntry], plugin: str, tickets: Collection[int]) -> frozenset[int]:
    """Those of ``tickets`` that are the plugin's own positions."""
    own = {entry.intent.position_id for entry in entries if entry.held and entry.intent.plugin == plugin}
    return frozenset(own.intersection(tickets))


def closed_unbooked(
    connection: sqlite3.Connection, account: str, entries: Collection[OpenEntry], tickets: Collection[int]
) -> frozenset[int]:
    """Those of ``tickets`` that the broker has closed whole, though their deals are not here yet."""
    gone: set[int] = set()
    for entry in entries:
        ticket = entry.intent.position_id
        if ticket in tickets and unbooked_volume(connection, account, ticket) >= entry.remaining - LEAST:
            gone.add(ticket)
    return frozenset(gone)


def trades_since(connection: sqlite3.Connection, plugin: str, book: Book, since_ns: int) -> int:
    """Trades of the plugin that were opened since then."""
    found: int = connection.execute(_TODAY, (plugin, since_ns, book.value)).fetchone()[0]
    return found


def last_close(
    connection: sqlite3.Connection, symbol: str, book: Book, since_ns: int, plugin: str = "",
    closing: Collection[int] = (),
) -> int:  # fmt: skip
    """Time of the last close on the symbol since then, without those of the plugin's own positions
    ``closing``, 0 for none."""
    parameters = (symbol, book.value, since_ns, plugin, json.dumps(sorted(closing)))
    found = connection.execute(_LAST_CLOSE, parameters).fetchone()[0]
    return 0 if found is None else int(found)


def stops_since(connection: sqlite3.Connection, plugin: str, book: Book, since_ns: int) -> tuple[int, ...]:
    """Times of the plugin's stop losses since then, oldest first."""
    return tuple(row[0] for row in connection.execute(_STOPS, (plugin, book.value, since_ns)))
