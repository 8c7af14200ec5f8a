"""The signals log: one row for each V6 message, whatever became of it. Every write is keyed by the alert."""

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from zepix_core import Alert, read_stamp, reason_of, stamp
from zepix_plugins_v6.decision import Body
from zepix_plugins_v6.messages import Entry, Exit, MomentumChange, SidewaysBreakout, V6Message
from zepix_plugins_v6.profiles import BY_TIMEFRAME

NOT_TAKEN = "duplicate"
UNRESOLVED = "unresolved"

_LOG = (
    "INSERT INTO v6_signals_log (received_time, signal_type, plugin_target, symbol, timeframe, adx,"
    " confidence_score, signal_json, alert_key, received_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (alert_key) DO NOTHING"
)
_HANDLED = (
    "UPDATE v6_signals_log SET processed = 1, trade_placed = max(trade_placed, ?1),"
    " trade_id = coalesce(?2, trade_id),"
    " skip_reason = CASE WHEN coalesce(?2, trade_id) IS NULL THEN ?3 END WHERE alert_key = ?4"
)
_DECIDED = "UPDATE v6_signals_log SET decided = ? WHERE alert_key = ?"
_LINK = (
    "UPDATE v6_signals_log SET trade_id = coalesce(trade_id, ?), trade_placed = 1, skip_reason = NULL"
    " WHERE alert_key = ? AND (trade_id IS NULL OR skip_reason IS NOT NULL)"
)
_NEVER_PLACED = (
    "UPDATE v6_signals_log SET skip_reason = ? WHERE alert_key = ? AND trade_id IS NULL AND skip_reason = ?"
)
_SELECT = (
    "SELECT received_time, signal_type, signal_json, processed, trade_placed, trade_id, skip_reason,"
    " alert_key, plugin_target, received_us, decided FROM v6_signals_log"
)
_BY_KEY = _SELECT + " WHERE alert_key = ?"
_SINCE = _SELECT + " WHERE received_time >= ? AND alert_key IS NOT NULL ORDER BY id"
_MOMENTUM = (
    "SELECT signal_json FROM v6_signals_log WHERE signal_type = 'MOMENTUM_CHANGE' AND symbol = ?"
    " AND timeframe = ? AND processed = 1 AND skip_reason IS NULL ORDER BY id DESC LIMIT 1"
)
_OUTCOMES = (
    "SELECT skip_reason, count(*), sum(trade_placed) FROM v6_signals_log WHERE +plugin_target = ?"
    " AND processed = 1 AND received_time >= ? AND received_time < ? GROUP BY skip_reason"
)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@attrs.frozen(kw_only=True)
class SignalRow:
    """A row of the log as it is read back; the time is aware UTC.

    Attributes:
        processed: Somebody has handled it to its end.
        skip_reason: Why no real trade came of it, ``None`` when one did or none was asked for.
        target: Plugin that entries and exits of its timeframe belong to, ``None`` for all others.
        exact: ``received_at`` is no whole second of a row from before arrivals were kept more exactly.
        decided: What was about to be done, as `plan` writes it; ``None`` before.
    """

    received_at: datetime
    signal_type: str
    body: str
    processed: bool
    trade_placed: bool
    trade_id: int | None
    skip_reason: str | None
    alert_key: str
    target: str | None
    exact: bool = True
    decided: str | None = None


def log(connection: sqlite3.Connection, alert: Alert, message: Body) -> SignalRow | None:
    """Note a message; returns the row it had already, which then stays as it is."""
    earlier = logged(connection, alert.key)
    if earlier is None:
        connection.execute(_LOG, _values(alert, message))
    return earlier


def _values(alert: Alert, message: Body) -> tuple[Any, ...]:
    shown: tuple[Any, ...]
    if not isinstance(message, V6Message):
        shown = (alert.kind, None, alert.symbol or "", alert.timeframe, None, None)
    else:
        profile = BY_TIMEFRAME.get(message.timeframe) if isinstance(message, Entry | Exit) else None
        adx = message.adx if isinstance(message, Entry | MomentumChange | SidewaysBreakout) else None
        shown = (
            message.type,
            None if profile is None else profile.id,
            message.ticker,
            message.timeframe,
            None if adx is None else float(adx),
            message.conf_score if isinstance(message, Entry) else None,
        )
    arrival = (alert.received_at - _EPOCH) // _MICROSECOND
    return (stamp(alert.received_at), *shown, alert.body, alert.key, arrival)


def handled(
    connection: sqlite3.Connection, alert_key: str, skip_reason: str | None, trade_id: int | None = None
) -> None:
    """Note what became of a message; one that led to a trade has no reason why none came of it."""
    connection.execute(_HANDLED, (int(trade_id is not None), trade_id, skip_reason, alert_key))


def decided(connection: sqlite3.Connection, alert_key: str, plan: str) -> None:
    """Note what a message is about to do."""
    connection.execute(_DECIDED, (plan, alert_key))


def linked(connection: sqlite3.Connection, alert_key: str, trade_id: int) -> None:
    """Note the trade that a message led to: it was not skipped, whatever was thought before."""
    connection.execute(_LINK, (trade_id, alert_key))


def never_placed(connection: sqlite3.Connection, alert_key: str, code: str) -> None:
    """Note that the order of a message, whose outcome nobody knew, was never executed."""
    connection.execute(_NEVER_PLACED, (reason_of(code), alert_key, UNRESOLVED))


def logged(connection: sqlite3.Connection, alert_key: str) -> SignalRow | None:
    """The row of an alert."""
    row = connection.execute(_BY_KEY, (alert_key,)).fetchone()
    return None if row is None else _signal(row)


def since(connection: sqlite3.Connection, at: datetime) -> tuple[SignalRow, ...]:
    """Messages that arrived from ``at`` on, oldest first."""
    return tuple(map(_signal, connection.execute(_SINCE, (stamp(at),))))


def momentum_body(connection: sqlite3.Connection, symbol: str, timeframe: str) -> str | None:
    """The newest momentum message of a symbol and chart."""
    row = connection.execute(_MOMENTUM, (symbol, timeframe)).fetchone()
    return None if row is None else str(row[0])


@attrs.frozen
class Outcome:
    """How many messages ended with a reason (``None``: with none), and how many of them placed a trade."""

    reason: str | None
    count: int
    placed: int


def outcomes(connection: sqlite3.Connection, target: str, day: tuple[str, str]) -> tuple[Outcome, ...]:
    """What became of a plugin's entries and exits that arrived between two times."""
    return tuple(Outcome(*row) for row in connection.execute(_OUTCOMES, (target, *day)))


def _signal(row: tuple[Any, ...]) -> SignalRow:
    at = read_stamp(row[0])
    return SignalRow(
        received_at=at if row[9] is None else _EPOCH + row[9] * _MICROSECOND,
        signal_type=row[1],
        body=row[2] or "",
        processed=bool(row[3]),
        trade_placed=bool(row[4]),
        trade_id=row[5],
        skip_reason=row[6],
        alert_key=row[7],
        target=row[8],
        exact=row[9] is not None,
        decided=row[10],
    )
