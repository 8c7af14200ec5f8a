"""A terminal in memory, and adapters to it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import attrs
import pytest

from zepix_core.broker.mt5.broker import Mt5Broker
from zepix_core.broker.mt5.settings import Mt5Settings
from zepix_core.broker.symbol_settings import SymbolSettings
from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.fake_mt5 import FakeMT5

OFFSET = 7200
ACCOUNT = Mt5Settings(
    login=50_001_234, password="demo", server="Fake-Demo", retries=0, wait=0.0, offset_hours=2.0
)
Make = Callable[..., Mt5Broker]


@pytest.fixture
def fake(clock: VirtualClock, request: pytest.FixtureRequest) -> FakeMT5:
    """A hedging demo account at a broker two hours ahead of UTC; a parameter changes it."""
    return FakeMT5(
        **{"clock": clock, "server_offset": OFFSET, "history_bars": 1300, **getattr(request, "param", {})}
    )


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
            load=lambda: fake.module,
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
