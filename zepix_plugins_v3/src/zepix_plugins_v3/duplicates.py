"""When two alerts mean the same, and the memory of what was accepted lately."""

from datetime import datetime, timedelta
from typing import Any

from zepix_plugins_v3.alert import V3Alert
from zepix_plugins_v3.decision import Accepted

# A message refused for one of these was never accepted, so it does not count for later ones.
NOT_ACCEPTED = frozenset(
    {
        "duplicate",
        "plugin_disabled",
        "unknown_signal",
        "type_signal_mismatch",
        "unknown_symbol",
        "missing_timeframe",
        "invalid_timeframe",
        "invalid_price",
        "invalid_consensus_score",
        "invalid_position_multiplier",
        "invalid_mtf_trends",
        "invalid_direction",
        "direction_mismatch",
    }
)


def meaning(alert: V3Alert) -> tuple[Any, ...]:
    """What makes an alert a repeat of another: type, signal, symbol, timeframe and direction, for a
    pulse its trends. Price and score are not part of it."""
    pulse = alert.trends if alert.type == "trend_pulse_v3" else None
    side = None if alert.side is None else alert.side.value
    return (alert.type, alert.signal.id, alert.symbol, alert.timeframe, side, pulse)


class Memory:
    """Accepted alerts by their key, as long as they matter."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[datetime, tuple[Any, ...]]] = {}

    def remember(self, key: str, at: datetime, alert: V3Alert) -> None:
        """Note an accepted alert that arrived ``at``; the same key again changes nothing."""
        self._seen[key] = (at, meaning(alert))

    def forget(self, key: str) -> None:
        """An alert that was refused after all."""
        self._seen.pop(key, None)

    def before(self, key: str, at: datetime, window: float) -> tuple[Accepted, ...]:
        """What was accepted in the ``window`` seconds before ``at``, without the alert's own delivery,
        which may come again after a crash. What is older is dropped."""
        oldest = at - timedelta(seconds=window)
        self._seen = {seen: entry for seen, entry in self._seen.items() if entry[0] > oldest}
        return tuple(
            Accepted(age=(at - when).total_seconds(), meaning=what)
            for seen, (when, what) in self._seen.items()
            if seen != key and when <= at
        )
