"""What is read of an account, on the session's thread. An answer is whole, or `LinkLost` is raised."""

from collections.abc import Sequence
from typing import Any

from zepix_core.broker.mt5.bars import Piece, joined, source_minutes
from zepix_core.broker.mt5.failures import FailureKind, failure_of
from zepix_core.broker.mt5.numbers import TIMEFRAMES, OrderType
from zepix_core.broker.mt5.rows import deals_of, order_of, position_of, tick_of
from zepix_core.broker.mt5.session import Session
from zepix_core.clock import NS
from zepix_core.errors import BrokerOffline
from zepix_core.model.market import Bar, Tick
from zepix_core.model.order import Deal, Position, WorkingOrder

DAY_SECONDS = 86_400
SLACK_BARS = 2
MARKS = 1000


class Reader:
    """The reads of the port."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._read_to: dict[int, int] = {}

    def positions(self) -> tuple[Position, ...]:
        self._need_clock()
        session = self._session
        session.verify()
        rows = session.need("positions_get")
        return tuple(position_of(row, session.names, session.offsets) for row in rows)

    def orders(self) -> tuple[WorkingOrder, ...]:
        self._need_clock()
        session = self._session
        session.verify()
        rows = session.need("orders_get")
        return tuple(order_of(row, session.names, session.offsets) for row in rows)

    def deals(self, after_ticket: int, since_ns: int) -> tuple[Deal, ...]:
        """Deals beyond a ticket and not older than a moment, by ticket."""
        self._need_clock()
        session = self._session
        session.verify()
        begin = 0
        if since_ns > 0:
            begin = max(since_ns // NS - DAY_SECONDS, 0)
        if after_ticket in self._read_to:
            # The clocks may have been changed since then, and tickets of one moment come in any order.
            begin = max(begin, self._read_to[after_ticket] - DAY_SECONDS)
        rows = sorted(
            session.need("history_deals_get", begin, self.to_seconds()), key=lambda row: int(row.ticket)
        )
        self._read_to.update({int(row.ticket): int(row.time) for row in rows[-MARKS:]})
        wanted = [row for row in rows if int(row.ticket) > after_ticket]
        found = deals_of(wanted, session.names, session.offsets)
        return tuple(deal for deal in found if deal.time_ns >= since_ns)

    def to_seconds(self) -> int:
        """The end of every look into the history: a day beyond now, or the newest deals would be missed."""
        return self._session.offsets.server_seconds(self._session.clock.now_ns()) + DAY_SECONDS

    def quote(self, symbol: str) -> Tick | None:
        """The newest quote; none while its time cannot be told."""
        session = self._session
        if symbol not in session.digits or session.offsets.current is None:
            return None
        row = session.maybe("symbol_info_tick", session.names.theirs(symbol))
        return None if row is None else tick_of(row, symbol, session.offsets)

    def margin(self, symbol: str, lots: float) -> float | None:
        session = self._session
        if symbol not in session.digits:
            return None
        theirs = session.names.theirs(symbol)
        row = session.maybe("symbol_info_tick", theirs)
        if row is None or float(row.ask) <= 0:
            return None
        answer = session.maybe("order_calc_margin", int(OrderType.BUY), theirs, float(lots), float(row.ask))
        return None if answer is None else float(answer)

    def bars(self, symbol: str, minutes: int, count: int) -> tuple[Bar, ...]:
        """Bars on UTC's clock, made of the widest of the broker's that fit into them."""
        session = self._session
        if symbol not in session.digits or count < 1 or minutes not in TIMEFRAMES:
            return ()
        self._need_clock()
        source = source_minutes(minutes, session.offsets.all_seconds)
        asked = (count + SLACK_BARS) * (minutes // source)
        rows = self._rates(session.names.theirs(symbol), TIMEFRAMES[source], asked)
        pieces = [self._piece(row) for row in rows]
        if len(rows) >= asked and pieces:
            # The oldest may lack its beginning.
            pieces = [piece for piece in pieces if piece.begin >= _next(pieces[0].begin, minutes * 60)]
        found = joined(pieces, symbol, minutes, session.digits[symbol], session.clock.now_ns())
        return found[-count:]

    def _rates(self, theirs: str, timeframe: int, count: int) -> Sequence[Any]:
        session = self._session
        rows = session.maybe("copy_rates_from_pos", theirs, timeframe, 0, int(count))
        if rows is not None:
            found: Sequence[Any] = rows
            return found
        code, text = session.module.last_error()
        failure = failure_of(code)
        if failure.kind is FailureKind.MISSING:
            return ()
        raise BrokerOffline(f"MetaTrader 5 gave no bars: {failure.meaning} ({code}, {text}).", failure.hint)

    def _piece(self, row: Any) -> Piece:
        return Piece(
            self._session.offsets.utc_ns(int(row["time"]) * 1000) // NS,
            float(row["open"]),
            float(row["high"]),
            float(row["low"]),
            float(row["close"]),
            int(row["tick_volume"]),
        )

    def _need_clock(self) -> None:
        if self._session.offsets.current is None:
            raise BrokerOffline(
                "The broker's clock is not known yet, so no time it names can be read.",
                "It is measured while the market is open; or set mt5_server_offset_hours.",
            )


def _next(begin: int, width: int) -> int:
    """The first begin of a whole bar at or after a moment."""
    return begin + -begin % width
