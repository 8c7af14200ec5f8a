"""Every test that waits runs on each event loop that a host may run on."""

from tests.core.loops import pytest_asyncio_loop_factories

__all__ = ["pytest_asyncio_loop_factories"]
