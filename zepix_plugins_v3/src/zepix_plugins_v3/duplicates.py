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


KEPT = timedelta(hours=1)
"""How much longer than the window an alert is remembered: one may wait before its turn, behind exits or
while the plugin was away, and is judged by its arrival."""


def meaning(alert: V3Alert) -> tuple[Any, ...]:
    """What makes an alert a repeat of another: type, signal, symbol, timeframe and direction, for a
    pulse its trends. Price and score are not part of it."""
    pulse = alert.trends if alert.type == "trend_pulse_v3" else None
    side = None if alert.side is None else alert.side.value
    return (alert.type, alert.signal.id, alert.symbol, alert.timeframe, side, pulse)


class Memory:
    """Accepted alerts by their key, as long as they matter."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[datetime, timedelta, tuple[Any, ...]]] = {}

    def remember(self, key: str, at: datetime, alert: V3Alert, vague: timedelta = timedelta(0)) -> None:
        """Note an accepted alert that arrived ``at`` or up to ``vague`` later; the same key again changes
        nothing."""
        self._seen[key] = (at, vague, meaning(alert))

    def forget(self, key: str) -> None:
        """An alert that was refused after all."""
        self._seen.pop(key, None)

    def before(self, key: str, at: datetime, window: float) -> tuple[Accepted, ...]:
        """What was accepted in the ``window`` seconds before ``at``, without the alert's own delivery,
        which may come again after a crash. An age is the least it can be."""
        oldest = at - timedelta(seconds=window)
        self._seen = {seen: entry for seen, entry in self._seen.items() if entry[0] > oldest - KEPT}
        return tuple(
            Accepted(age=max(0.0, (at - when - vague).total_seconds()), meaning=what)
            for seen, (when, vague, what) in self._seen.items()
            if seen != key and when <= at and when + vague > oldest
        )
