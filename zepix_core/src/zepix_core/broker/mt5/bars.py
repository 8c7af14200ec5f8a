"""Bars that begin on UTC's clock, made of bars that begin on the broker's. Pure."""

import math
from collections.abc import Iterable, Sequence

import attrs

from zepix_core.broker.mt5.numbers import TIMEFRAMES
from zepix_core.clock import NS
from zepix_core.model.market import Bar

MINUTE = 60


@attrs.frozen
class Piece:
    """A bar as the broker keeps it; ``begin`` is UTC seconds."""

    begin: int
    open: float
    high: float
    low: float
    close: float
    ticks: int


def source_minutes(minutes: int, offsets: Sequence[int]) -> int:
    """The widest bars of the broker of which bars of ``minutes`` since midnight UTC can be made.

    A day at the broker begins at its own midnight, so only what divides every offset it has had fits.
    """
    fits = math.gcd(minutes, *(abs(offset) // MINUTE for offset in offsets))
    return max(width for width in TIMEFRAMES if fits % width == 0)


def joined(pieces: Iterable[Piece], symbol: str, minutes: int, digits: int, now_ns: int) -> tuple[Bar, ...]:
    """Whole bars of ``minutes`` that are over at ``now_ns``, oldest first; ``pieces`` come oldest first."""
    width = minutes * MINUTE
    groups: dict[int, list[Piece]] = {}
    for piece in pieces:
        groups.setdefault(piece.begin - piece.begin % width, []).append(piece)
    return tuple(
        Bar(
            symbol=symbol,
            timeframe=str(minutes),
            time_ns=(begin + width) * NS,
            open=round(parts[0].open, digits),
            high=round(max(part.high for part in parts), digits),
            low=round(min(part.low for part in parts), digits),
            close=round(parts[-1].close, digits),
            ticks=sum(part.ticks for part in parts),
        )
        for begin, parts in sorted(groups.items())
        if (begin + width) * NS <= now_ns
    )
