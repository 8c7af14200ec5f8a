"""Both executors keep the same promises: committed when answered, each piece alone, bad work hurts nobody."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zepix_core.errors import StorageError
from zepix_core.storage import executor as executor_module
from zepix_core.storage.connection import Durability, open_reader
from zepix_core.storage.executor import Executor, SameThread, WriterThread

KINDS: dict[str, Callable[[Path, Durability], Executor]] = {"thread": WriterThread, "same": SameThread}


@pytest.fixture(params=sorted(KINDS))
async def file(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Executor]:
    executor = KINDS[request.param](tmp_path / "some.db", Durability.NORMAL)
    await executor.run(lambda c: c.execute("CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT"))
    yield executor
    await executor.close()


@pytest.fixture
async def writer(tmp_path: Path) -> AsyncIterator[WriterThread]:
    executor = WriterThread(tmp_path / "some.db", Durability.FULL)
    await executor.run(lambda c: c.execute("CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT"))
    yield executor
    await executor.close()


def put(number: int) -> Callable[[sqlite3.Connection], int]:
    def work(connection: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO t VALUES (?)", (number,))
        return number

    return work


def numbers(connection: sqlite3.Connection) -> list[int]:
    return [row[0] for row in connection.execute("SELECT n FROM t ORDER BY n")]


def stored(path: Path) -> list[int]:
    connection = open_reader(path)
    try:
        return numbers(connection)
    finally:
        connection.close()


async def test_what_is_answered_is_committed(file: Executor) -> None:
    assert await file.run(put(1)) == 1
    assert stored(file.path) == [1]


async def test_a_read_sees_what_was_answered_before(file: Executor) -> None:
    await file.run(put(1))
    assert await file.read(numbers) == [1]


async def test_a_piece_that_fails_is_undone_whole_and_alone(file: Executor) -> None:
    def half(connection: sqlite3.Connection) -> None:
        put(5)(connection)
        raise ValueError("half way")

    answers = await asyncio.gather(file.run(put(1)), file.run(half), file.run(put(2)), return_exceptions=True)
    assert isinstance(answers[1], ValueError)
    assert stored(file.path) == [1, 2]


async def test_a_broken_constraint_is_raised_as_it_is(file: Executor) -> None:
    await file.run(put(1))
    with pytest.raises(sqlite3.IntegrityError):
        await file.run(put(1))


@pytest.mark.parametrize(
    "error", [SystemExit(1), StopIteration(), KeyboardInterrupt(), asyncio.CancelledError()]
)
async def test_work_that_raises_anything_at_all_leaves_the_executor_working(
    file: Executor, error: BaseException
) -> None:
    def bad(_: sqlite3.Connection) -> None:
        raise error

    with pytest.raises(RuntimeError, match=type(error).__name__):
        await asyncio.wait_for(file.run(bad), 10)
    assert await file.run(put(3)) == 3


@pytest.mark.parametrize(
    "end",
    [lambda c: c.commit(), lambda c: c.rollback(), lambda c: c.__enter__()],
    ids=["commit", "rollback", "with"],
)
async def test_work_cannot_end_its_transaction_by_accident(file: Executor, end: Callable[[Any], Any]) -> None:
    def work(connection: sqlite3.Connection) -> None:
        put(1)(connection)
        end(connection)

    with pytest.raises(StorageError):
        await file.run(work)
    assert stored(file.path) == []


async def test_work_that_commits_in_sql_is_told_so_and_the_executor_goes_on(file: Executor) -> None:
    with pytest.raises(StorageError, match="ended its transaction"):
        await file.run(lambda c: c.execute("COMMIT"))
    assert await file.run(put(1)) == 1


async def test_a_script_stays_inside_the_transaction(file: Executor) -> None:
    def work(connection: sqlite3.Connection) -> None:
        connection.executescript("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2);")
        raise ValueError("after the script")

    with pytest.raises(ValueError, match="after"):
        await file.run(work)
    assert stored(file.path) == []


async def test_a_reader_cannot_write(file: Executor) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await file.read(put(1))
    assert await file.run(put(1)) == 1


async def test_a_read_that_fails_leaves_the_reader_usable(file: Executor) -> None:
    def bad(connection: sqlite3.Connection) -> None:
        connection.execute("SELECT * FROM t")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await file.read(bad)
    assert await file.read(numbers) == []


async def test_a_closed_file_refuses_work(file: Executor) -> None:
    await file.close()
    await file.close()
    with pytest.raises(StorageError):
        await file.run(put(1))
    with pytest.raises(StorageError):
        file.submit(put(1), lambda _: None)
    with pytest.raises(StorageError):
        await file.read(numbers)


async def test_nothing_is_left_in_the_log_after_closing(file: Executor) -> None:
    await file.run(put(1))
    await file.close()
    log = file.path.with_name(file.path.name + "-wal")
    assert not log.exists() or log.stat().st_size == 0
    assert stored(file.path) == [1]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=40))
async def test_whatever_is_submitted_together_what_succeeded_is_stored_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[int, bool]]
) -> None:
    executor = WriterThread(tmp_path_factory.mktemp("batch") / "some.db", Durability.NORMAL)
    await executor.run(lambda c: c.execute("CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT"))

    def work(number: int, fails: bool) -> Callable[[sqlite3.Connection], int]:
        def run(connection: sqlite3.Connection) -> int:
            put(number)(connection)
            if fails:
                raise ValueError(number)
            return number

        return run

    answers = await asyncio.gather(*(executor.run(work(n, f)) for n, f in pieces), return_exceptions=True)
    await executor.close()
    good = [answer for answer in answers if isinstance(answer, int)]
    assert len(good) == len(set(good))
    assert set(good) == {n for n, fails in pieces if not fails}
    assert stored(executor.path) == sorted(good)


async def test_what_waits_together_shares_a_commit(writer: WriterThread) -> None:
    hold, held = threading.Event(), threading.Event()

    def block(_: sqlite3.Connection) -> None:
        held.set()
        hold.wait(10)

    blocked = asyncio.create_task(writer.run(block))
    await asyncio.to_thread(held.wait, 10)
    seen: list[int] = []

    def count(connection: sqlite3.Connection) -> None:
        # Another connection sees only commits.
        seen.append(len(stored(writer.path)))
        put(len(seen))(connection)

    waiting = [asyncio.create_task(writer.run(count)) for _ in range(5)]
    await asyncio.sleep(0.05)
    hold.set()
    await asyncio.gather(blocked, *waiting)
    assert seen == [0] * 5
    assert stored(writer.path) == [1, 2, 3, 4, 5]


async def test_what_waits_when_it_closes_is_still_done(writer: WriterThread) -> None:
    waiting = [asyncio.create_task(writer.run(put(n))) for n in range(300)]
    await asyncio.sleep(0)
    await writer.close()
    assert await asyncio.gather(*waiting) == list(range(300))


async def test_a_cancelled_caller_cancels_nothing_that_was_submitted(writer: WriterThread) -> None:
    caller = asyncio.create_task(writer.run(put(7)))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    await writer.run(put(8))
    assert stored(writer.path) == [7, 8]


async def test_a_commit_that_fails_fails_all_and_a_new_connection_takes_over(writer: WriterThread) -> None:
    def break_connection(connection: sqlite3.Connection) -> None:
        connection.close()

    with pytest.raises(StorageError, match="could not be written"):
        await writer.run(break_connection)
    assert await writer.run(put(1)) == 1


async def test_readers_are_few_and_reused(writer: WriterThread) -> None:
    await asyncio.gather(*(writer.read(numbers) for _ in range(50)))
    assert writer.connections <= 5


async def test_a_pool_without_a_free_reader_says_so(
    writer: WriterThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor_module, "READER_PATIENCE", 0.05)
    go = threading.Event()
    reading = [asyncio.create_task(writer.read(lambda _: go.wait(10))) for _ in range(4)]
    await asyncio.sleep(0.01)
    with pytest.raises(StorageError, match="exhausted"):
        await writer.read(numbers)
    go.set()
    assert all(await asyncio.gather(*reading))


async def test_a_cancelled_read_keeps_its_reader_until_it_is_done(writer: WriterThread) -> None:
    go = threading.Event()
    reading = asyncio.create_task(writer.read(lambda _: go.wait(10)))
    await asyncio.sleep(0.05)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await writer.read(numbers) == []
    go.set()
    await writer.close()


async def test_readers_do_not_wait_for_the_writer(writer: WriterThread) -> None:
    go, held = threading.Event(), threading.Event()

    def block(connection: sqlite3.Connection) -> None:
        put(1)(connection)
        held.set()
        go.wait(10)

    writing = asyncio.create_task(writer.run(block))
    await asyncio.to_thread(held.wait, 10)
    assert await writer.read(numbers) == []
    go.set()
    await writing


def _fill(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA max_page_count = 1")
    for number in range(10_000):
        connection.execute("INSERT INTO t VALUES (?)", (number,))


async def test_a_full_disk_inside_the_work_is_an_error_of_the_storage(file: Executor) -> None:
    with pytest.raises(StorageError, match="full"):
        await file.run(_fill)
    await file.run(lambda c: c.execute("PRAGMA max_page_count = 1000000").fetchone())
    assert await file.run(put(1)) == 1
    assert stored(file.path) == [1]


async def test_a_file_that_another_process_locks_is_an_error_of_the_storage(file: Executor) -> None:
    await file.run(lambda c: c.execute("PRAGMA busy_timeout = 0").fetchone())
    other = sqlite3.connect(file.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="locked"):
        await file.run(put(1))
    other.close()
    assert await file.run(put(2)) == 2


async def test_a_writer_that_died_leaves_nobody_waiting(
    writer: WriterThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(pieces: object) -> None:
        raise MemoryError

    monkeypatch.setattr(writer, "_commit", die)
    lost = asyncio.create_task(writer.run(put(1)))
    await asyncio.to_thread(writer._thread.join)
    assert not writer.alive
    with pytest.raises(StorageError):
        await asyncio.wait_for(writer.run(put(2)), 5)
    lost.cancel()


async def test_a_writer_that_died_tells_those_whose_loop_still_runs(
    writer: WriterThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying, may_die = threading.Event(), threading.Event()

    def die(pieces: object) -> None:
        dying.set()
        may_die.wait(10)
        raise MemoryError

    async def submit_and_leave() -> None:
        writer.submit(put(2), lambda _: None)

    monkeypatch.setattr(writer, "_commit", die)
    writer.submit(put(1), lambda _: None)
    await asyncio.to_thread(dying.wait, 10)
    await asyncio.to_thread(asyncio.run, submit_and_leave())
    waiting = asyncio.create_task(writer.run(put(3)))
    await asyncio.sleep(0)
    may_die.set()
    with pytest.raises(StorageError):
        await asyncio.wait_for(waiting, 5)
