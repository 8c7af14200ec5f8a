"""A clock that moves by hand, and paper brokers in a folder of their own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from zepix_core.broker.paper.opening import open_paper
from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.broker.port import MovingBroker
from zepix_core.broker.symbol_settings import SymbolSettings
from zepix_core.testing.clock import VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    """Monday noon: every market is open."""
    return VirtualClock()


@pytest.fixture
def paper(tmp_path: Path, clock: VirtualClock) -> Callable[..., MovingBroker]:
    """Makes paper brokers on one folder, one after the other."""

    def make(
        settings: PaperSettings | None = None,
        symbols: dict[str, SymbolSettings] | None = None,
        faults: str = "",
        silent: bool = False,
        same_thread: bool = True,
    ) -> MovingBroker:
        return open_paper(
            tmp_path / "data",
            settings or PaperSettings(),
            symbols or {},
            clock,
            faults=faults,
            silent=silent,
            same_thread=same_thread,
        )

    return make
