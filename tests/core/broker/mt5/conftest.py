"""A terminal in memory, and adapters to it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import attrs
import pytest

from zepix_core.broker.mt5.broker import Mt5Broker
from zepix_core.broker.mt5.settings import Mt5Settings
from zepix_core.broker.symbol_settings import SymbolSettings
from zepix_core.model.market import Side
from zepix_core.model.order import Action, OrderReply, OrderRequest, Position
from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.fake_mt5 import FakeMT5

OFFSET = 7200
ACCOUNT = Mt5Settings(
    login=50_001_234, password="demo", server="Fake-Demo", retries=0, wait=0.0, offset_hours=2.0
)
Make = Callable[..., Mt5Broker]


@pytest.fixture
def fake(clock: VirtualClock) -> FakeMT5:
    """A hedging demo account at a broker two hours ahead of UTC."""
    return FakeMT5(clock=clock, server_offset=OFFSET, history_bars=1300)


@pytest.fixture
async def make(fake: FakeMT5, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Make]:
    """Makes adapters to the terminal; they are stopped in the end."""
    made: list[Mt5Broker] = []

    def adapter(
        symbols: dict[str, SymbolSettings] | None = None, *, live: bool = False, **changes: object
    ) -> Mt5Broker:
        broker = Mt5Broker(
            attrs.evolve(ACCOUNT, **changes),  # type: ignore[arg-type]
            symbols or {},
            clock,
            memory=tmp_path / "mt5.json",
            live=live,
            load=lambda: fake.module,  # type: ignore[arg-type,return-value]
            random=lambda: 1.0,
        )
        made.append(broker)
        return broker

    yield adapter
    fake.release()
    for broker in made:
        await broker.stop()


@pytest.fixture
async def broker(make: Make) -> Mt5Broker:
    """A started adapter."""
    made = make()
    await made.start()
    return made


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
    return opening(Side.SELL, opened.volume, action=Action.CLOSE, position=ticket, **changes)


def stops(opened: OrderReply | Position, sl: float, tp: float = 0.0) -> OrderRequest:
    """A change of both stops of a position of `opening`."""
    return closing(opened, action=Action.MODIFY, sl=sl, tp=tp)
