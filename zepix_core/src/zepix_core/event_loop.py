"""Which event loop a host runs on: uvloop where it is installed, else asyncio's own.

A host answers a lone alert sooner on it. Children keep asyncio's loop, which costs them no memory.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end on a new loop; its result."""
    with asyncio.Runner(loop_factory=_factory()) as runner:
        return runner.run(work)


def _factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes the loop; ``None``: whatever asyncio takes by itself."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
