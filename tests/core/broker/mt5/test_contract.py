"""The broker contract kept by the MetaTrader 5 adapter on the double: alone, and beside the shadow book."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from zepix_core.broker.beside import Beside
from zepix_core.broker.inline import InlineBroker
from zepix_core.broker.mt5.broker import Mt5Broker
from zepix_core.broker.paper.fed import open_fed
from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.broker.port import Broker, GatewayHello
from zepix_core.model.order import Position
from zepix_core.testing.broker_contract import BrokerContract
from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.fake_mt5 import FakeMT5


@pytest.fixture
def fake(fake: FakeMT5, clock: VirtualClock, request: pytest.FixtureRequest) -> FakeMT5:
    """Where bars are asked for, with a quote a minute in the last hours: all are made of the same quotes."""
    for minute in range(300 if "bars" in request.node.name else 0):
        fake.push_quote("EURUSD", round(1.085 + (minute % 7) * 0.00003, 5))
        clock.advance(60)
    fake.push_quote("EURUSD", 1.085)
    return fake


Make = Callable[..., Mt5Broker]


class OnTheDouble(BrokerContract):
    """What a test of the double does besides calling the port."""

    fake: FakeMT5
    clock: VirtualClock
    terminal: Mt5Broker

    @pytest.fixture(autouse=True)
    def _world(self, fake: FakeMT5, clock: VirtualClock) -> None:
        self.fake, self.clock = fake, clock

    async def move_price(self, broker: Broker, price: float) -> None:
        self.clock.advance(1)
        self.fake.push_quote(self.symbol, price)
        await self.terminal.advance()

    async def close_by_hand(self, broker: Broker, position: Position) -> None:
        self.fake.by_hand_close(position.ticket)
        await self.terminal.advance()


class TestMt5Broker(OnTheDouble):
    has_shadow_book = False

    @pytest.fixture
    async def broker(self, broker: Mt5Broker) -> Broker:
        self.terminal = broker
        return broker


class TestBeside(OnTheDouble):
    @pytest.fixture
    async def broker(self, make: Make, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Broker]:
        self.terminal = make()

        def open_shadow(hello: GatewayHello) -> InlineBroker:
            shadow, market = open_fed(
                tmp_path / "data", PaperSettings(), hello.symbols, clock, same_thread=True
            )
            return InlineBroker(shadow, feed=market.feed)

        beside = Beside(InlineBroker(self.terminal), open_shadow)
        await beside.start()
        yield beside
        await beside.stop()
