"""``api.trend``: trends of the plugin's own database group, answered in the worker."""

from collections.abc import Callable

from zepix_core.errors import BadArgument
from zepix_core.model.trend_pulse import HigherTrend, MarketState, TrendPulseData
from zepix_core.rules.trend_pulse import (
    HIGHER,
    higher_trend,
    market_state,
    pulse_aligned,
    pulse_timeframe,
)
from zepix_core.services import arguments
from zepix_core.services.host_calls import HostCalls
from zepix_core.storage.pulse import PulseStore
from zepix_core.storage.trends import LogicAlignment, Pillar, TrendStore

LONGEST_CHANGES = 200
LONGEST_NAME = 32


class Trend:
    """Trends as a database group keeps them, in two kinds that know nothing of each other.

    V3's four pillars per symbol, 15m, 1h, 4h and 1d: what was never set is neutral. And the trend pulse: how
    many of six timeframes lean which way, as each chart last reported it; a row older than
    ``trend_pulse.max_age_minutes`` counts as absent everywhere.
    """

    def __init__(
        self, calls: HostCalls, store: TrendStore, pulse: PulseStore, max_age_minutes: Callable[[], float]
    ) -> None:
        self._calls = calls
        self._store = store
        self._pulse = pulse
        self._max_age_minutes = max_age_minutes

    async def update_trend(self, symbol: str, timeframe: str, signal: str, mode: str = "AUTO") -> bool:
        """Set one pillar; True when it changed. Keyed by the alert that runs: a repeat changes nothing.

        ``bull buy bullish`` is 1, ``bear sell bearish`` -1, anything else 0; ``1m`` and ``5m`` are ignored;
        a MANUAL pillar is not overwritten by AUTO.

        Raises:
            BadArgument: Another timeframe or mode.
        """
        return await self._store.update_trend(
            arguments.text("symbol", symbol),
            arguments.text("timeframe", timeframe),
            arguments.text("signal", signal),
            mode,
            self._calls.alert_key,
        )

    def get_timeframe_trend(self, symbol: str, timeframe: str) -> Pillar:
        """One pillar with its direction, value, mode and time.

        Raises:
            BadArgument: Not a pillar.
        """
        return self._store.get_timeframe_trend(symbol, timeframe)

    def get_mtf_trends(self, symbol: str) -> dict[str, int]:
        """The four values (1, 0, -1) by timeframe."""
        return self._store.get_mtf_trends(symbol)

    def validate_v3_trend_alignment(self, symbol: str, direction: str, min_aligned: int = 3) -> bool:
        """Whether at least ``min_aligned`` pillars equal the direction.

        Raises:
            BadArgument: No direction.
        """
        return self._store.validate_v3_trend_alignment(symbol, arguments.side(direction), min_aligned)

    def check_logic_alignment(self, symbol: str, logic: str, direction: str) -> LogicAlignment:
        """Whether the two pillars of a logic agree with each other and the direction.

        Raises:
            BadArgument: Another logic or direction.
        """
        return self._store.check_logic_alignment(symbol, logic, arguments.side(direction))

    async def update_trend_pulse(
        self,
        symbol: str,
        timeframe: str,
        bull_count: int,
        bear_count: int,
        market_state: str = "",
        changes: str | None = None,
    ) -> TrendPulseData:
        """Replace what one chart reports of a symbol, and return the row as it stands.

        Keyed by the alert that runs: a repeat changes nothing. The row's time is when it was received.

        Args:
            timeframe: Minutes of the chart as text; ``1D`` and ``D`` are kept as ``1440``.
            bull_count, bear_count: Timeframes of six that lean that way now; they replace the old counts.
            market_state: The word received; empty: the one the counts give, an unknown one: UNKNOWN.
            changes: Text for display, at most 200 characters; ``None`` keeps the text that is there.

        Raises:
            BadArgument: Counts outside 0 to 6 or together more than 6, or a text that is no such text.
        """
        if changes is not None and (not isinstance(changes, str) or len(changes) > LONGEST_CHANGES):
            raise BadArgument(f"changes must be a text of at most {LONGEST_CHANGES} characters or None.")
        word = arguments.text("market_state", market_state, longest=LONGEST_NAME) if market_state else ""
        return await self._pulse.update(
            arguments.text("symbol", symbol),
            arguments.text("timeframe", timeframe, longest=LONGEST_NAME),
            bull_count,
            bear_count,
            word,
            changes,
            key=self._calls.alert_key,
            received_at=self._calls.alert_received,
        )

    def get_market_state(self, symbol: str) -> MarketState:
        """State of the row received last, of whatever chart; UNKNOWN without rows."""
        return market_state(self.pulse_rows(symbol))

    def get_pulse_data(self, symbol: str, timeframe: str | None = None) -> dict[str, dict[str, int]]:
        """``bull_count`` and ``bear_count`` by timeframe, shortest first; only those that exist."""
        wanted = None if timeframe is None else pulse_timeframe(timeframe)
        rows = [row for row in self.pulse_rows(symbol) if wanted in (None, row.timeframe)]
        return {
            row.timeframe: {"bull_count": row.bull_count, "bear_count": row.bear_count}
            for row in sorted(rows, key=_length)
        }

    def pulse_rows(self, symbol: str) -> tuple[TrendPulseData, ...]:
        """The rows of a symbol that count, in order of receipt: the newest is the last."""
        return self._pulse.rows(symbol, self._max_age_minutes())

    def check_pulse_alignment(self, symbol: str, direction: str) -> bool:
        """Whether the counts of all rows together lean the way of a trade; a tie or no row does not.

        Raises:
            BadArgument: No direction.
        """
        return pulse_aligned(self.pulse_rows(symbol), arguments.side(direction))

    def check_higher_tf_trend(self, symbol: str, signal_tf: str, direction: str) -> HigherTrend:
        """Whether the row of the next higher timeframe leans the way of a trade.

        1 looks at 5, 5 at 15, 15 at 60, 60 at 240; above 240 there is none, which is aligned. Without a row
        it is not aligned.

        Raises:
            BadArgument: Another timeframe, or no direction.
        """
        known = arguments.one_of("signal_tf", signal_tf, tuple(HIGHER))
        return higher_trend(self.pulse_rows(symbol), known, arguments.side(direction))


def _length(row: TrendPulseData) -> tuple[bool, int, str]:
    """Timeframes in minutes first, by length; names such as ``1W`` after them."""
    name = row.timeframe
    return (not name.isdecimal(), int(name) if name.isdecimal() else 0, name)
