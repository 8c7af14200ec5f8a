"""Which deals have been told already."""

from collections.abc import Iterable
from typing import Any

SWEEP_BACK_SECONDS = 600
KEEP_MS = 86_400_000


class DealLog:
    """Lets each deal through once; what happened before it began counts as told.

    Times are the broker's own, in milliseconds.
    """

    def __init__(self) -> None:
        self._told: dict[int, int] = {}
        self._begin_ms = 0
        self._newest_ms = 0
        self.begun = False

    @property
    def sweep_from_seconds(self) -> int:
        """From when on the history is to be read again."""
        return max(self._newest_ms // 1000 - SWEEP_BACK_SECONDS, 0)

    def begin(self, rows: Iterable[Any], now_seconds: int) -> None:
        """Take the deals of the last minutes as told; ``now_seconds`` is the broker's clock."""
        self._begin_ms = self._newest_ms = now_seconds * 1000
        known = {int(row.ticket): int(row.time_msc) for row in rows}
        if known:
            self._newest_ms = max(known.values())
        self._begin_ms = min(self._begin_ms, self._newest_ms) - SWEEP_BACK_SECONDS * 1000
        self._told = known
        self.begun = True

    def new(self, rows: Iterable[Any]) -> list[Any]:
        """The records not told yet, by time and ticket; from now on they are."""
        fresh = {
            int(row.ticket): row
            for row in rows
            if int(row.ticket) not in self._told and int(row.time_msc) >= self._begin_ms
        }
        for ticket, row in fresh.items():
            self._told[ticket] = int(row.time_msc)
            self._newest_ms = max(self._newest_ms, int(row.time_msc))
        if len(self._told) > 1000:
            least = self._newest_ms - KEEP_MS
            self._told = {ticket: at for ticket, at in self._told.items() if at >= least}
            self._begin_ms = max(self._begin_ms, least)
        return sorted(fresh.values(), key=lambda row: (int(row.time_msc), int(row.ticket)))
