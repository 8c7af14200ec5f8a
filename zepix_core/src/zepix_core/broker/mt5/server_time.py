"""Broker time and UTC: the broker's wall clock comes dressed as seconds since the epoch. Pure."""

import itertools
from bisect import bisect_right
from collections.abc import Iterable, Sequence

import attrs

from zepix_core.clock import NS

MS = 1_000_000
GRID_SECONDS = 1800
AGREE_SECONDS = 30.0
SKEW_SECONDS = 300.0
LONGEST_SECONDS = 15 * 3600


def estimate(ahead: Iterable[float]) -> int | None:
    """The server's offset from UTC in seconds, on the half hour; ``None`` while it cannot be told.

    Args:
        ahead: Per symbol, how many seconds the time of a fresh quote is ahead of UTC now. Only quotes of
            open markets belong here: a market that is shut stands still, and so does its clock.
    """
    seen = sorted(ahead)
    for one, other in itertools.pairwise(seen):
        offset = round(other / GRID_SECONDS) * GRID_SECONDS
        near = other - one <= AGREE_SECONDS and abs(other - offset) <= SKEW_SECONDS
        if near and abs(offset) <= LONGEST_SECONDS:
            return offset
    return None


@attrs.frozen
class OffsetSince:
    """From ``server_seconds`` of the broker's clock on, it was ``seconds`` ahead of UTC."""

    server_seconds: int
    seconds: int


@attrs.frozen(kw_only=True)
class Offsets:
    """Every offset that one server has had, oldest first: a deal of last week keeps its time.

    Attributes:
        measured_ns: When the newest was measured last, UTC; 0 when it was set by the operator.
    """

    known: tuple[OffsetSince, ...] = ()
    measured_ns: int = 0

    @property
    def current(self) -> int | None:
        """Seconds that the server is ahead of UTC now, ``None`` while nobody knows."""
        return self.known[-1].seconds if self.known else None

    def measured(self, seconds: int, now_ns: int) -> "Offsets":
        """With what was measured now."""
        known = self.known
        if self.current != seconds:
            known = (*known, OffsetSince(now_ns // NS + seconds, seconds))
        return Offsets(known=known, measured_ns=now_ns)

    def utc_ns(self, server_ms: int) -> int:
        """A moment of the broker's clock (milliseconds) as UTC nanoseconds; as it stands while unknown."""
        return server_ms * MS - self._at(server_ms // 1000) * NS

    def server_seconds(self, utc_ns: int) -> int:
        """What the broker's clock shows at a moment, with the newest offset."""
        return utc_ns // NS + (self.current or 0)

    @property
    def all_seconds(self) -> tuple[int, ...]:
        """Every offset there was, each once."""
        return tuple(dict.fromkeys(since.seconds for since in self.known))

    def _at(self, server_seconds: int) -> int:
        if not self.known:
            return 0
        index = bisect_right([since.server_seconds for since in self.known], server_seconds) - 1
        return self.known[max(index, 0)].seconds


def pinned(hours: float) -> Offsets:
    """The operator's word."""
    return Offsets(known=(OffsetSince(0, round(hours * 3600)),))


def disagree(ahead: Sequence[float], offset: int) -> bool:
    """True when fresh quotes say that the offset is another one: as when the clocks are changed."""
    return len(ahead) >= 2 and all(abs(seconds - offset) > GRID_SECONDS / 2 for seconds in ahead)
