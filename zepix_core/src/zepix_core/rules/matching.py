"""Does a quote close a position? A long closes at the bid, a short at the ask; the stop goes first."""

from enum import StrEnum

import attrs

from zepix_core.model.market import Side, Tick
from zepix_core.model.order import DealReason


class StopFill(StrEnum):
    """Where a stop fills: at the quote that reached it (as brokers do), or at its own level."""

    QUOTE = "quote"
    LEVEL = "level"


@attrs.frozen(kw_only=True)
class Exit:
    """A position's end: ``price`` is where it fills, ``reason`` is ``SL`` or ``TP``."""

    reason: DealReason
    price: float


def exit_of(
    side: Side, sl: float, tp: float, quote: Tick, stop_fill: StopFill = StopFill.QUOTE
) -> Exit | None:
    """The exit that ``quote`` causes, ``None`` when the position lives on.

    Args:
        side: The position's side.
        sl, tp: Levels in price, 0.0 for none.
        stop_fill: A gap through the stop fills at the gapped price with ``QUOTE``. Take profits always
            fill at their level.
    """
    price = quote.closing(side)
    if sl > 0 and (price - sl) * side.sign <= 0:
        return Exit(reason=DealReason.SL, price=price if stop_fill is StopFill.QUOTE else sl)
    if tp > 0 and (price - tp) * side.sign >= 0:
        return Exit(reason=DealReason.TP, price=tp)
    return None
