"""One call at a time, calls that hang, and clocks of others."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.core.testing.fake_mt5.desk import Desk

from zepix_core.testing.fake_mt5 import ConcurrentCalls

WAIT = 10.0


def in_another_thread(work: Callable[[], Any]) -> Any:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result(WAIT)


def hanging(desk: Desk) -> "tuple[ThreadPoolExecutor, Any]":
    """A call of another thread that is in progress."""
    entered = threading.Event()
    desk.fake.hang(function="positions_total")

    def call() -> Any:
        entered.set()
        return desk.fake.positions_total()

    pool = ThreadPoolExecutor(1)
    pending = pool.submit(call)
    assert entered.wait(WAIT)
    while desk.fake.faults.waiting():
        threading.Event().wait(0.001)
    return pool, pending


def test_threads_may_call_one_after_the_other(desk: Desk) -> None:
    assert in_another_thread(desk.fake.positions_get) == ()
    assert desk.positions() == ()


def test_a_second_thread_is_refused_while_a_call_is_in_progress(desk: Desk) -> None:
    pool, pending = hanging(desk)
    with pytest.raises(ConcurrentCalls, match="account_info"):
        desk.fake.account_info()
    desk.fake.release()
    assert pending.result(WAIT) == 0
    assert desk.fake.account_info() is not None
    pool.shutdown()


def test_what_hangs_does_not_keep_quotes_and_hands_away(desk: Desk) -> None:
    pool, pending = hanging(desk)
    desk.quote(1.09)
    desk.fake.by_hand_open("EURUSD", 0, 0.1)
    desk.fake.release()
    assert pending.result(WAIT) == 1
    pool.shutdown()


def test_a_terminal_that_dies_lets_go_of_what_hangs(desk: Desk) -> None:
    pool, pending = hanging(desk)
    desk.fake.kill_terminal()
    assert pending.result(WAIT) is None
    pool.shutdown()


def test_a_slow_call_of_another_thread_waits_until_the_clock_was_moved(desk: Desk) -> None:
    desk.fake.delay(1000, function="positions_total")
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(desk.fake.positions_total)
        while desk.fake.faults.waiting():
            threading.Event().wait(0.001)
        assert not pending.done()
        desk.clock.advance(1.0)
        assert pending.result(WAIT) == 0


def test_another_process_has_a_connection_and_an_error_of_its_own(desk: Desk) -> None:
    def call() -> tuple[Any, Any]:
        with desk.fake.another_process():
            return desk.fake.positions_get(), desk.fake.last_error()

    assert in_another_thread(call) == (None, (-10004, "No IPC connection"))
    assert desk.positions() == () and desk.fake.last_error() == (1, "Success")


def test_convenience_calls_may_call_within(desk: Desk) -> None:
    assert in_another_thread(lambda: desk.fake.Buy("EURUSD", 0.1)).retcode == 10009
