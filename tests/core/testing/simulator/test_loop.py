"""Virtual time, and processes that end in the middle of what they do."""

import asyncio
import itertools
import time

import pytest

from zepix_core.testing.simulator.loop import SimulatedLoop, Stuck
from zepix_core.testing.simulator.processes import Machine

COUNTED = frozenset({"host"})


def test_waiting_takes_no_time() -> None:
    loop = SimulatedLoop(COUNTED)
    began = time.monotonic()

    async def wait() -> float:
        await asyncio.sleep(86_400)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await asyncio.Event().wait()
        return loop.time()

    assert loop.drive(wait()) == 86_410
    assert time.monotonic() - began < 60
    loop.dispose()


def test_a_process_that_ends_runs_no_clean_up() -> None:
    loop = SimulatedLoop(COUNTED)
    process = Machine(loop).start("host")
    done: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(5)
            done.append("worked")
        finally:
            done.append("cleaned up")

    async def play() -> None:
        process.spawn(work())
        await asyncio.sleep(1)
        process.at_end(lambda: done.append("the system closed its files"))
        process.kill()
        await asyncio.sleep(10)

    loop.drive(play())
    assert done == ["the system closed its files"]
    loop.dispose()


def test_what_a_process_starts_is_its_own_and_ends_with_it() -> None:
    loop = SimulatedLoop(COUNTED)
    process = Machine(loop).start("host")
    beats: list[float] = []

    async def beat() -> None:
        while True:
            beats.append(loop.time())
            await asyncio.sleep(1)

    async def parent() -> None:
        task = asyncio.create_task(beat())
        await task

    async def play() -> None:
        process.spawn(parent())
        await asyncio.sleep(2.5)
        process.kill()
        await asyncio.sleep(10)

    loop.drive(play())
    assert beats == [0, 1, 2]
    assert process.steps > 3
    loop.dispose()


def test_what_comes_for_a_frozen_process_waits_for_it() -> None:
    loop = SimulatedLoop(COUNTED)
    process = Machine(loop).start("host")
    heard: list[float] = []

    async def play() -> None:
        process.freeze(5)
        process.later(1, lambda: heard.append(loop.time()))
        await asyncio.sleep(10)

    loop.drive(play())
    assert heard == [5]
    loop.dispose()


def test_a_wait_for_what_cannot_come_and_a_loop_without_end_are_told() -> None:
    loop = SimulatedLoop(COUNTED)

    async def for_ever() -> None:
        await asyncio.Event().wait()

    async def in_circles() -> None:
        for _ in itertools.repeat(None):
            await asyncio.sleep(0)

    with pytest.raises(Stuck, match="cannot come"):
        loop.drive(for_ever())
    with pytest.raises(Stuck, match="without time passing"):
        loop.drive(in_circles())
    loop.dispose()
