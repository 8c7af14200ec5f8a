"""One order as a plugin's trade table remembers it, and what a change of it makes of that."""

from collections.abc import Iterable

import attrs

from zepix_core.model.order import TradeUpdate
from zepix_core.rules.realised import Realised
from zepix_core.storage.stamps import stamp

OPEN = "OPEN"
CLOSED = "CLOSED"


@attrs.frozen(kw_only=True)
class OrderRow:
    """An order of a trade. Prices are prices, ``lots`` volume, money without commission and swap.

    The default is an order that was never placed: closed with nothing won or lost, so that its trade can
    end without it.

    Attributes:
        exit_time: As `stamp` writes it.
        status: ``OPEN`` or ``CLOSED``.
    """

    ticket: int | None = None
    lots: float | None = None
    sl: float | None = None
    tp: float | None = None
    exit_price: float | None = None
    exit_time: str | None = None
    pips: float | None = 0.0
    dollars: float | None = 0.0
    status: str = CLOSED

    @classmethod
    def filled(cls, ticket: int, lots: float, sl: float, tp: float) -> "OrderRow":
        """An order that is in; 0.0 is no stop or target."""
        return cls(
            ticket=ticket, lots=lots, sl=sl or None, tp=tp or None, pips=None, dollars=None, status=OPEN
        )

    def moved(self, update: TradeUpdate) -> "OrderRow":
        """With stop and target as they stand now, and what a second fill added."""
        lots = max(self.lots or 0.0, update.volume)
        return attrs.evolve(self, lots=lots, sl=update.sl or None, tp=update.tp or None)

    def closed(self, update: TradeUpdate, booked: Iterable[Realised] = ()) -> "OrderRow":
        """The order as it ended, with what was booked of it before. A second time changes nothing."""
        if self.status == CLOSED:
            return self
        result = Realised.total((*booked, Realised.of(update)))
        return attrs.evolve(
            self,
            exit_price=update.price,
            exit_time=stamp(update.at),
            pips=result.pips,
            dollars=result.money,
            status=CLOSED,
        )
