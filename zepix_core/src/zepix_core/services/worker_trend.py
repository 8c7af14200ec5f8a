"""``api.trend``: trends of the plugin's own database group, answered in the worker."""

from zepix_core.services import arguments
from zepix_core.services.host_calls import HostCalls
from zepix_core.storage.trends import LogicAlignment, Pillar, TrendStore


class Trend:
    """V3's four pillars per symbol: 15m, 1h, 4h and 1d. What was never set is neutral."""

    def __init__(self, calls: HostCalls, store: TrendStore) -> None:
        self._calls = calls
        self._store = store

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
