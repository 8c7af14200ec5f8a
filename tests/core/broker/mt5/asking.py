"""What tests ask of an adapter, and what they hear from it."""

import asyncio

import attrs

from zepix_core.broker.mt5.broker import Mt5Broker
from zepix_core.model.market import Side, Tick
from zepix_core.model.order import Action, Deal, OrderReply, OrderRequest, Position
from zepix_core.testing.clock import VirtualClock


class Heard:
    """Everything an adapter tells."""

    def __init__(self, broker: Mt5Broker) -> None:
        self.deals: list[Deal] = []
        self.ticks: list[Tick] = []
        self.links: list[bool] = []
        self.changes = 0
        broker.on_deals(self.deals.extend)
        broker.on_ticks(self.ticks.extend)
        broker.on_link(self.links.append)
        broker.on_change(self._changed)

    def _changed(self) -> None:
        self.changes += 1


async def patiently(clock: VirtualClock, broker: Mt5Broker, request: OrderRequest) -> OrderReply:
    """Submit, and let the time pass that the adapter waits for a fill."""
    asked = asyncio.ensure_future(broker.submit(request))
    while not asked.done():
        clock.advance(0.05)
        await asyncio.sleep(0.001)
    return asked.result()


def opening(side: Side = Side.BUY, lots: float = 0.1, **changes: object) -> OrderRequest:
    """A market order without stops."""
    request = OrderRequest(
        intent_id="7f3a4c2e5k",
        action=Action.OPEN,
        symbol="EURUSD",
        side=side,
        lots=lots,
        magic=1_001_001,
        comment="v6-15m:7f3a4c2e5k:A",
    )
    return attrs.evolve(request, **changes)  # type: ignore[arg-type]


def closing(opened: OrderReply | Position, **changes: object) -> OrderRequest:
    """A close of a whole position of `opening`."""
    ticket = opened.ticket if isinstance(opened, Position) else opened.position
    request = opening(Side.SELL, opened.volume, action=Action.CLOSE, position=ticket)
    return attrs.evolve(request, **changes)  # type: ignore[arg-type]


def stops(opened: OrderReply | Position, sl: float, tp: float = 0.0) -> OrderRequest:
    """A change of both stops of a position of `opening`."""
    return closing(opened, action=Action.MODIFY, sl=sl, tp=tp)
