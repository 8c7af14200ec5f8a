"""The clock that moves only when it is told to."""

import asyncio

from zepix_core.testing.clock import VirtualClock


async def test_sleepers_wake_in_the_order_of_their_moments() -> None:
    clock, woken = VirtualClock(), list[str]()

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(name)

    tasks = [asyncio.ensure_future(sleeper(n, s)) for n, s in (("late", 3.0), ("soon", 1.0), ("now", 0.0))]
    await asyncio.sleep(0.001)
    assert woken == ["now"]
    clock.advance(3)
    await asyncio.gather(*tasks)
    assert woken == ["now", "soon", "late"]


async def test_both_times_move_together() -> None:
    clock = VirtualClock(1_000)
    clock.advance(2.5)
    assert clock.now_ns() == 2_500_001_000
    assert clock.monotonic() == 2.5


async def test_a_cancelled_sleeper_is_forgotten() -> None:
    clock = VirtualClock()
    task = asyncio.ensure_future(clock.sleep(1))
    await asyncio.sleep(0)
    assert clock.sleeping == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert clock.sleeping == 0
    clock.advance(5)
