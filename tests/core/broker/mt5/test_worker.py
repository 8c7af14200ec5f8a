"""One thread, one job at a time; a job that does not end is told, and none behind it is begun."""

import threading
from collections.abc import Iterator

import pytest

from zepix_core.broker.mt5.worker import Worker
from zepix_core.errors import BrokerOffline, OutcomeUnknown


@pytest.fixture
def hold() -> Iterator[threading.Event]:
    """Something a job can hang on; let go in the end."""
    event = threading.Event()
    yield event
    event.set()


async def test_all_jobs_are_done_by_the_same_thread() -> None:
    worker = Worker(lambda: None)
    assert len({await worker.run(threading.get_ident) for _ in range(3)}) == 1
    worker.close()


async def test_what_a_job_raises_comes_back() -> None:
    worker = Worker(lambda: None)
    with pytest.raises(ZeroDivisionError):
        await worker.run(lambda: 1 // 0)
    worker.close()


async def test_a_job_that_hangs_is_told_and_its_outcome_unknown(hold: threading.Event) -> None:
    told: list[int] = []
    worker = Worker(lambda: told.append(1), turn_seconds=0.01, hung_seconds=0.03)
    with pytest.raises(OutcomeUnknown):
        await worker.run(hold.wait)
    assert told == [1]
    worker.close()


async def test_a_job_behind_one_that_hangs_is_not_begun(hold: threading.Event) -> None:
    worker = Worker(lambda: None, turn_seconds=0.01, hung_seconds=0.02)
    begun: list[int] = []
    with pytest.raises(OutcomeUnknown):
        await worker.run(hold.wait)
    with pytest.raises(BrokerOffline):
        await worker.run(lambda: begun.append(1))
    hold.set()
    worker.close()
    assert begun == []
