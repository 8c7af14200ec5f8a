"""A theatre for the simulator's own plugin, built once."""

from collections.abc import Iterator

import pytest

from zepix_core.testing.simulator.cast import own_cast
from zepix_core.testing.simulator.run import Theatre


@pytest.fixture(scope="session")
def theatre() -> Iterator[Theatre]:
    with Theatre(own_cast()) as built:
        yield built
