"""A look at the terminal, several times a second: it tells nothing by itself. On the session's thread."""

import logging

import attrs

from zepix_core.broker.mt5.rows import deals_of, tick_of
from zepix_core.broker.mt5.server_time import disagree, estimate
from zepix_core.broker.mt5.session import Session
from zepix_core.broker.mt5.snapshot import snapshot_of
from zepix_core.clock import NS
from zepix_core.model.market import Tick
from zepix_core.model.order import Deal

log = logging.getLogger(__name__)

SWEEP_SECONDS = 30.0
MEASURE_SECONDS = 86_400.0
FRESH_SECONDS = 30.0
DAY_SECONDS = 86_400


@attrs.frozen(kw_only=True)
class News:
    """What a look found: quotes that moved, deals not told yet, and whether the books changed."""

    ticks: tuple[Tick, ...] = ()
    deals: tuple[Deal, ...] = ()
    changed: bool = False


class Poller:
    """Compares what there is with what there was."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._quoted_ms: dict[str, int] = {}
        self._ahead: dict[str, tuple[float, float]] = {}
        self._waiting: set[int] = set()
        self._told_ns: dict[str, int] = {}
        self._sweep_at = 0.0
        self._warned = False

    def look(self) -> News:
        """Look once.

        Raises:
            LinkLost: Nothing was seen, nothing is concluded.
        """
        self._session.verify()
        ticks = self._ticks()
        changed, touched = self._compare()
        return News(ticks=ticks, deals=self._deals(touched), changed=changed)

    def _ticks(self) -> tuple[Tick, ...]:
        session = self._session
        rows = {
            name: row
            for name in session.digits
            if (row := session.maybe("symbol_info_tick", session.names.theirs(name))) is not None
            and int(row.time_msc) != self._quoted_ms.get(name)
        }
        self._note_clock({name: int(row.time_msc) for name, row in rows.items() if name in self._quoted_ms})
        self._quoted_ms.update({name: int(row.time_msc) for name, row in rows.items()})
        self._measure()
        if session.offsets.current is None:
            return ()
        ticks = [tick_of(row, name, session.offsets) for name, row in rows.items()]
        told = [
            tick for tick in ticks if tick is not None and tick.time_ns > self._told_ns.get(tick.symbol, 0)
        ]
        self._told_ns.update({tick.symbol: tick.time_ns for tick in told})
        return tuple(told)

    def _note_clock(self, moved_ms: dict[str, int]) -> None:
        """Remember how far quotes that have just moved are ahead of UTC. A quote seen for the first time may
        be of any age, and where the market is shut its clock stands still."""
        clock = self._session.clock
        now, at = clock.now_ns(), clock.monotonic()
        self._ahead = {name: seen for name, seen in self._ahead.items() if at - seen[0] <= FRESH_SECONDS}
        for name, ms in moved_ms.items():
            if self._session.is_open(name):
                self._ahead[name] = (at, ms / 1000 - now / NS)

    def _measure(self) -> None:
        """Measure the broker's clock: while it is not known, once a day, and when quotes contradict it."""
        session, now = self._session, self._session.clock.now_ns()
        ahead = [seconds for _, seconds in self._ahead.values()]
        current, pin = session.offsets.current, session.settings.offset_hours
        due = current is None or now - session.offsets.measured_ns >= MEASURE_SECONDS * NS
        if not due and not disagree(ahead, current or 0):
            return
        measured = estimate(ahead)
        if measured is None:
            return
        if pin is not None:
            if measured != current and not self._warned:
                log.warning(
                    "the broker's clock seems to be %+g h from UTC, mt5_server_offset_hours says %+g",
                    measured / 3600, pin,
                )  # fmt: skip
                self._warned = True
            return
        if measured != current:
            log.info("the broker's clock is %+g h from UTC", measured / 3600)
        session.offsets = session.offsets.measured(measured, now)
        session.memory.keep_offsets(session.offsets)

    def _compare(self) -> tuple[bool, tuple[int, ...]]:
        """Whether the books changed since the last look, and the positions whose deals tell why."""
        session = self._session
        now = snapshot_of(session.need("positions_get"), session.need("orders_get"))
        before, session.held = session.held, now
        if before is None:
            return False, ()
        return now.differs(before), now.touched_since(before)

    def _deals(self, touched: tuple[int, ...]) -> tuple[Deal, ...]:
        session, clock = self._session, self._session.clock
        self._waiting.update(touched)
        if session.offsets.current is None:
            return ()  # nobody could tell when they happened
        if not session.deals.begun:
            self._begin()
        rows = [
            row
            for identifier in sorted(self._waiting)
            for row in session.need("history_deals_get", position=identifier)
        ]
        if clock.monotonic() >= self._sweep_at:
            self._sweep_at = clock.monotonic() + SWEEP_SECONDS
            rows += session.need("history_deals_get", session.deals.sweep_from_seconds, self._end())
        self._waiting.clear()
        return deals_of(session.deals.new(rows), session.names, session.offsets)

    def _begin(self) -> None:
        """What has happened so far, whoever wants to know reads."""
        session, clock = self._session, self._session.clock
        now = session.offsets.server_seconds(clock.now_ns())
        session.deals.begin(session.need("history_deals_get", now - DAY_SECONDS, self._end()), now)
        self._sweep_at = clock.monotonic() + SWEEP_SECONDS

    def _end(self) -> int:
        """A day beyond now, or the newest deals would be missed."""
        session = self._session
        return session.offsets.server_seconds(session.clock.now_ns()) + DAY_SECONDS
