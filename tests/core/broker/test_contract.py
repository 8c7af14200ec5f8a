"""One contract, every adapter: the paper broker, inline behind the codec, and in a real process."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from zepix_core.broker.client import GatewayClient
from zepix_core.broker.gateway_calls import GatewayInit
from zepix_core.broker.inline import InlineBroker
from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.broker.port import Broker, MovingBroker
from zepix_core.clock import SystemClock
from zepix_core.model.order import Position
from zepix_core.testing.broker_contract import BrokerContract


class TestPaperBroker(BrokerContract):
    @pytest.fixture(params=[True, False], ids=["same thread", "writer thread"])
    async def broker(
        self, paper: Callable[..., MovingBroker], request: pytest.FixtureRequest
    ) -> AsyncIterator[Broker]:
        broker = paper(same_thread=request.param)
        await broker.start()
        yield broker
        await broker.stop()


class TestInlineBroker(BrokerContract):
    @pytest.fixture
    async def broker(self, paper: Callable[..., MovingBroker]) -> AsyncIterator[Broker]:
        self.paper = paper()
        broker = InlineBroker(self.paper)
        await broker.start()
        yield broker
        await broker.stop()

    async def close_by_hand(self, broker: Broker, position: Position) -> None:
        await super().close_by_hand(self.paper, position)


class TestGatewayClient(BrokerContract):
    @pytest.fixture
    async def broker(self, tmp_path: Path) -> AsyncIterator[Broker]:
        quiet: dict[str, Any] = {"market_always_open": True, "tick_interval_seconds": 60.0}
        init = GatewayInit(data=str(tmp_path / "data"), paper=PaperSettings(**quiet))
        client = GatewayClient(init, tmp_path / "gateway.lock", SystemClock())
        await client.start()
        yield client
        await client.stop()

    async def close_by_hand(self, broker: Broker, position: Position) -> None:
        pytest.skip("nobody sits at a gateway's book; its stops tell of changes the same way")
