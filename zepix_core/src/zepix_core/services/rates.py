"""Entries a minute: of the host, of one plugin, on one symbol."""

from collections import deque

from zepix_core.config.risk import RateSettings

WINDOW = 60.0


class RateWindow:
    """Remembers the last minute of entries by monotonic time. A pair is one entry."""

    def __init__(self) -> None:
        self._entries: deque[tuple[float, str, str]] = deque()

    def record(self, now: float, plugin: str, symbol: str) -> None:
        """An entry was let through at monotonic ``now``."""
        self._entries.append((now, plugin, symbol))

    def wait(self, now: float, plugin: str, symbol: str, rates: RateSettings) -> float:
        """Seconds until one more entry is within all three rates; 0.0 when it is now."""
        while self._entries and self._entries[0][0] <= now - WINDOW:
            self._entries.popleft()
        waits = [0.0]
        for limit, times in (
            (rates.host_per_minute, [at for at, _, _ in self._entries]),
            (rates.plugin_per_minute, [at for at, who, _ in self._entries if who == plugin]),
            (rates.symbol_per_minute, [at for at, _, what in self._entries if what == symbol]),
        ):
            if len(times) >= limit:
                waits.append(times[len(times) - limit] + WINDOW - now)
        return max(waits)
