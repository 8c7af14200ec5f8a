"""Trades in the tables of the four plugins. Every function takes the connection of its transaction."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from zepix_core import OrderResult, OrderRow, TradeUpdate, UpdateKind, one_row, with_costs
from zepix_plugins_v6 import store
from zepix_plugins_v6 import trade as trades
from zepix_plugins_v6.profiles import INTRADAY, MOMENTUM, PROFILES, SCALPING, SWING, Profile
from zepix_plugins_v6.store import SignalRow
from zepix_plugins_v6.trade import Booking, Trade

_DIRECT = ("symbol", "direction", "entry_price", "entry_time", "status")
_ENDS = ("exit_time", "close_reason")
_SINGLE = {
    "lots": "lot_size",
    "sl": "sl_price",
    "tp": "tp_price",
    "exit_price": "exit_price",
    "dollars": "profit_dollars",
}
_PAIRED = {
    "lots": "order_x_lot_size",
    "sl": "order_x_sl_price",
    "tp": "order_x_tp_price",
    "exit_price": "order_x_exit_price",
    "exit_time": "order_x_exit_time",
    "dollars": "order_x_profit_dollars",
    "status": "order_x_status",
}
_FACTS = {
    SCALPING.id: (
        "adx",
        "adx_strength",
        "confidence_score",
        "confidence_level",
        "spread_pips",
        "market_state",
        "execution_speed_ms",
        "slippage_pips",
    ),
    MOMENTUM.id: (
        "adx",
        "adx_strength",
        "confidence_score",
        "trend_15m_aligned",
        "momentum_increasing",
    ),
    INTRADAY.id: (
        "adx",
        "confidence_score",
        "market_state",
        "pulse_bull_count",
        "pulse_bear_count",
        "pulse_alignment_ok",
    ),
    SWING.id: ("trend_4h", "trend_1d", "higher_tf_aligned", "confidence_score"),
}


@attrs.frozen(kw_only=True)
class _Table:
    """How a plugin's trades stand in its table.

    Attributes:
        legs: Leg to field to column.
        plain: Fields of the trade that are columns of the same name.
        facts: Columns of `Trade.facts`.
    """

    legs: Mapping[str, Mapping[str, str]]
    plain: tuple[str, ...]
    facts: tuple[str, ...]
    insert: str
    update: str
    by_id: str
    by_ticket: str
    by_alert: str
    closed: str


def _table(profile: Profile) -> _Table:
    names = [plan.leg for plan in profile.legs]
    pair = len(names) > 1
    legs = {}
    for name in names:
        mark = f"_{name.lower()}_"
        fields = _PAIRED if pair else _SINGLE
        legs[name] = {"ticket": f"order{mark}ticket"} | {k: c.replace("_x_", mark) for k, c in fields.items()}
    if profile is SCALPING:
        legs["B"]["pips"] = "profit_pips"
    plain = _DIRECT if pair else (*_DIRECT, *_ENDS)
    facts = _FACTS[profile.id]
    columns = (
        *plain,
        *(column for fields in legs.values() for column in fields.values()),
        *facts,
        *(("total_profit_dollars", "breakeven_moved") if pair else ()),
        "notes",
        "updated_at",
    )
    table = profile.table
    ended = "max(coalesce(order_a_exit_time, ''), coalesce(order_b_exit_time, ''))" if pair else "exit_time"
    tickets = " OR ".join(f"{fields['ticket']} = :ticket" for fields in legs.values())
    return _Table(
        legs=legs,
        plain=plain,
        facts=facts,
        insert=f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608 - constants above
        f" VALUES ({', '.join(':' + column for column in columns)}) RETURNING id",
        update=f"UPDATE {table} SET "  # noqa: S608 - constants above
        + ", ".join(f"{column} = :{column}" for column in columns)
        + " WHERE id = :id",
        by_id=f"SELECT * FROM {table} WHERE id = ?",  # noqa: S608 - constants above
        by_ticket=f"SELECT * FROM {table} WHERE {tickets}",  # noqa: S608 - constants above
        by_alert=f"SELECT t.* FROM {table} AS t JOIN v6_signals_log AS s ON s.trade_id = t.id"  # noqa: S608
        " WHERE s.alert_key = ? AND s.plugin_target = ?",
        closed=f"SELECT count(*) FROM {table} WHERE status = 'CLOSED'"  # noqa: S608 - constants above
        f" AND updated_at >= ?1 AND {ended} >= ?1 AND {ended} < ?2",
    )


_TABLES = {profile.id: _table(profile) for profile in PROFILES}


def find(
    connection: sqlite3.Connection, profile: Profile, ticket: int | None, alert_key: str
) -> Trade | None:
    """The trade that holds a ticket, else the one an alert led to."""
    table = _TABLES[profile.id]
    row = one_row(connection.execute(table.by_ticket, {"ticket": ticket})) if ticket is not None else None
    if row is None and alert_key:
        row = one_row(connection.execute(table.by_alert, (alert_key, profile.id)))
    return None if row is None else _trade(table, row)


def save(connection: sqlite3.Connection, profile: Profile, trade: Trade, now: str) -> Trade:
    """Store a trade with its status and totals; one that is stored already so is not touched."""
    table, trade = _TABLES[profile.id], trades.settled(trade)
    if trade.id is None:
        found = connection.execute(table.insert, {**_row(table, trade), "updated_at": now}).fetchone()
        return attrs.evolve(trade, id=found[0])
    row = one_row(connection.execute(table.by_id, (trade.id,)))
    if row is None or _row(table, trade) != _row(table, _trade(table, row)):
        connection.execute(table.update, {**_row(table, trade), "updated_at": now, "id": trade.id})
    return trade


def protected(connection: sqlite3.Connection, profile: Profile, ticket: int, now: str) -> None:
    """Note that the stop of a pair's leg A was moved to its entry."""
    trade = find(connection, profile, ticket, "")
    if trade is not None:
        save(connection, profile, attrs.evolve(trade, breakeven_moved=True), now)


def closed_trades(connection: sqlite3.Connection, profile: Profile, day: tuple[str, str]) -> int:
    """How many trades of a plugin ended between two times."""
    found: int = connection.execute(_TABLES[profile.id].closed, day).fetchone()[0]
    return found


def placed(
    connection: sqlite3.Connection,
    profile: Profile,
    alert_key: str,
    trade: Trade,
    results: Mapping[str, OrderResult],
    now: str,
) -> Trade | None:
    """Note the trade an alert led to. An order that was filled is noted unless an update told of it before;
    one that the broker took and has not filled yet comes with its update. ``None`` when none was filled."""
    filled = {leg: r for leg, r in results.items() if r.ok and r.ticket and r.volume > 0}
    if not filled:
        return None
    known = find(connection, profile, next(iter(filled.values())).ticket, alert_key)
    if known is not None:
        # An update came first, perhaps without the decision: what it could not know is filled in.
        seen = {name: value for name, value in known.facts.items() if value is not None}
        trade = attrs.evolve(known, facts={**trade.facts, **seen})
    stored = save(connection, profile, trades.placed(trade, filled), now)
    if stored.id is not None:
        store.linked(connection, alert_key, stored.id)
    return stored


def apply(
    connection: sqlite3.Connection,
    profile: Profile,
    update: TradeUpdate,
    describe: Callable[[SignalRow], Trade | None],
    now: str,
) -> Trade | None:
    """Bring the trade of an update up to date and return it; ``None`` when it concerns none.

    Args:
        describe: Tells from a message's row what trade it led to, for an order known from its update alone.
    """
    if update.kind in (UpdateKind.REJECTED, UpdateKind.UNRESOLVED):
        return None
    trade = find(connection, profile, update.ticket, update.alert_key)
    leg = trades.leg_of(trade, update, profile)
    if leg is None:
        return None
    if trade is None:
        row = store.logged(connection, update.alert_key) if update.alert_key else None
        trade = (None if row is None else describe(row)) or trades.of_update(profile, update)
    trade = attrs.evolve(trades.opened(trade, leg, update), costs=with_costs(trade.costs, update))
    if update.kind is UpdateKind.MODIFIED:
        trade = trades.moved(trade, leg, update)
    elif update.kind is UpdateKind.PARTLY_CLOSED:
        trade = trades.partly_closed(trade, leg, update, profile)
    elif update.kind is UpdateKind.CLOSED:
        trade = trades.closed(trade, leg, update)
    trade = save(connection, profile, trade, now)
    if trade.id is not None:
        store.linked(connection, update.alert_key, trade.id)
    return trade


def _row(table: _Table, trade: Trade) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(trade, name) for name in table.plain}
    for leg, fields in table.legs.items():
        row |= {column: getattr(trade.legs[leg], name) for name, column in fields.items()}
    row |= {column: trade.facts.get(column) for column in table.facts}
    row |= {name: int(value) for name, value in row.items() if isinstance(value, bool)}
    if len(table.legs) > 1:
        row |= {"total_profit_dollars": trade.dollars, "breakeven_moved": int(trade.breakeven_moved)}
    row["notes"] = _notes(trade, exit_time=len(table.legs) > 1)
    return row


def _notes(trade: Trade, *, exit_time: bool) -> str | None:
    """What has no column of its own, as JSON; ``None`` when there is nothing."""
    notes: dict[str, Any] = {}
    if trade.runner:
        notes["runner"] = True
    if trade.booked:
        notes["booked"] = [attrs.asdict(booking) for booking in trade.booked]
    if trade.costs:
        notes["costs"] = {deal: list(pair) for deal, pair in trade.costs.items()}
    if exit_time and trade.close_reason:
        notes["close_reason"] = trade.close_reason
    return json.dumps(notes) if notes else None


def _trade(table: _Table, row: dict[str, Any]) -> Trade:
    notes = json.loads(row["notes"]) if row["notes"] else {}
    direct: dict[str, Any] = {name: row[name] for name in table.plain}
    legs = {leg: _leg(fields, row) for leg, fields in table.legs.items()}
    direct.setdefault("close_reason", notes.get("close_reason"))
    trade = Trade(
        id=row["id"],
        legs=legs,
        facts={column: row[column] for column in table.facts},
        booked=tuple(Booking(**booking) for booking in notes.get("booked", ())),
        costs={deal: (pair[0], pair[1]) for deal, pair in notes.get("costs", {}).items()},
        runner=bool(notes.get("runner")),
        breakeven_moved=bool(row.get("breakeven_moved")),
        **direct,
    )
    return trades.settled(trade)


def _leg(fields: Mapping[str, str], row: dict[str, Any]) -> OrderRow:
    values = {name: row[column] for name, column in fields.items()}
    if "status" not in values:
        values |= {"status": row["status"], "exit_time": row["exit_time"]}
    if "pips" not in values and values["dollars"] is None:
        values["pips"] = None
    return OrderRow(**values)
