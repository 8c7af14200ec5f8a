"""Real faults of disk and lock: nothing is stored by halves, and the executor comes back by itself."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.core.storage.breaking import in_full, linux, locked, on_small_disk, swap, wal_of
from tests.core.storage.test_executor import KINDS, numbers, put, stored

from zepix_core.errors import DatabaseDamaged, StorageError
from zepix_core.storage.connection import Durability
from zepix_core.storage.executor import Executor, WriterThread

Seen = list[StorageError | None]
MANY = 100_000


def many(connection: sqlite3.Connection) -> None:
    connection.executemany("INSERT INTO t VALUES (?)", ((n,) for n in range(MANY)))


async def table(folder: Path) -> WriterThread:
    writer = WriterThread(in_full(folder) / "some.db", Durability.FULL)
    await writer.run(lambda c: c.execute("CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT"))
    return writer


@pytest.fixture(params=sorted(KINDS))
async def file(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Executor]:
    executor = KINDS[request.param](in_full(tmp_path) / "some.db", Durability.FULL)
    await executor.run(lambda c: c.execute("CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT"))
    await executor.run(put(1))
    yield executor
    await executor.close()


@pytest.fixture
def seen(file: Executor) -> Seen:
    told: Seen = []
    file.watch(told.append)
    return told


@linux
async def test_an_fsync_that_fails_at_commit_stores_nothing_and_the_connection_is_replaced(
    file: Executor, seen: Seen
) -> None:
    swap(wal_of(file.path), "/dev/null")
    with pytest.raises(StorageError, match="I/O") as raised:
        await file.run(put(2))
    assert getattr(raised.value.__cause__, "sqlite_errorname", "") == "SQLITE_IOERR_FSYNC"
    assert await file.run(put(3)) == 3
    assert stored(file.path) == [1, 3]
    assert [str(fault)[:16] for fault in seen if fault is not None] == ["some.db could no"]
    assert seen[-1] is None and len(seen) == 2


@linux
async def test_what_waited_for_the_commit_that_failed_is_all_refused(tmp_path: Path) -> None:
    writer = await table(tmp_path)
    swap(wal_of(writer.path), "/dev/null")
    answers = await asyncio.gather(*(writer.run(put(n)) for n in range(5)), return_exceptions=True)
    after = [n for n, answer in enumerate(answers) if isinstance(answer, int)]
    assert any(isinstance(answer, StorageError) for answer in answers)
    await writer.close()
    assert stored(writer.path) == after


@linux
async def test_a_reader_that_met_a_fault_is_replaced(tmp_path: Path) -> None:
    writer = await table(tmp_path)
    await writer.run(many)
    assert len(await writer.read(numbers)) == MANY
    swap(wal_of(writer.path), "/dev/null")
    with pytest.raises(StorageError, match="could not be read"):
        await writer.read(numbers)
    assert len(await writer.read(numbers)) == MANY
    await writer.close()


async def test_a_lock_of_another_process_is_told_once_and_its_end_once(file: Executor, seen: Seen) -> None:
    await file.run(lambda c: c.execute("PRAGMA busy_timeout = 10").fetchone())
    with locked(file.path):
        for number in (2, 3):
            with pytest.raises(StorageError, match="locked"):
                await file.run(put(number))
        assert await file.read(numbers) == [1]
    assert await file.run(put(4)) == 4
    assert await file.run(put(5)) == 5
    assert len(seen) == 2 and seen[-1] is None


async def test_a_mistake_of_the_caller_says_nothing_of_the_disk(file: Executor, seen: Seen) -> None:
    with pytest.raises(Exception, match="UNIQUE"):
        await file.run(put(1))
    assert seen == []


@linux
async def test_a_file_that_is_gone_is_not_made_again(file: Executor) -> None:
    away = file.path.with_name("away.db")
    swap(wal_of(file.path), "/dev/null")
    file.path.rename(away)
    for _ in range(2):
        with pytest.raises(StorageError, match="unable to open"):
            await file.run(put(2))
    assert not file.path.exists()
    away.rename(file.path)
    assert await file.run(put(3)) == 3
    assert stored(file.path) == [1, 3]


@linux
async def test_a_file_that_is_damaged_is_called_so_and_left_as_it_is(tmp_path: Path) -> None:
    first = await table(tmp_path)
    await first.run(many)
    await first.close()
    writer, seen = WriterThread(first.path, Durability.FULL), list[StorageError | None]()
    writer.watch(seen.append)
    await writer.run(lambda c: c.execute("PRAGMA user_version = 7").fetchone())
    swap(wal_of(writer.path), "/dev/null")
    with writer.path.open("r+b") as pages:
        pages.seek(2 * 4096)
        pages.write(b"\xff" * 4096)
    size = writer.path.stat().st_size
    for number in (1, 2):
        with pytest.raises(DatabaseDamaged):
            await writer.run(put(number))
    assert len(seen) == 1
    await writer.close()
    left = writer.path.read_bytes()
    assert (len(left), left[2 * 4096 : 3 * 4096]) == (size, b"\xff" * 4096)


FULL = """
import asyncio, json, os, sys
from pathlib import Path
from zepix_core.storage.connection import Durability
from zepix_core.storage.executor import SameThread, WriterThread

async def main(kind):
    folder = Path(sys.argv[1])
    executor = kind(folder / f"{kind.__name__}.db", Durability.FULL)
    told = []
    executor.watch(lambda fault: told.append(None if fault is None else str(fault)))
    await executor.run(lambda c: c.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, x TEXT) STRICT") and None)
    put = lambda n: executor.run(lambda c: c.execute("INSERT INTO t VALUES (?, ?)", (n, "x" * 20000)) and n)
    refused = n = 0
    filler = folder / "filler"
    file = os.open(filler, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(file, bytes(4096))
    except OSError:
        os.close(file)
    taken = []
    while refused < 3:
        n += 1
        try:
            taken.append(await put(n))
        except Exception as error:
            assert "full" in str(error), error
            refused += 1
    filler.unlink()
    taken.append(await put(n + 1))
    found = await executor.read(lambda c: [row[0] for row in c.execute("SELECT n FROM t ORDER BY n")])
    sound = await executor.read(lambda c: c.execute("PRAGMA integrity_check").fetchone()[0])
    await executor.close()
    return {"told": told, "lost": sorted(set(taken) ^ set(found)), "sound": sound}

print(json.dumps([asyncio.run(main(kind)) for kind in (WriterThread, SameThread)]))
"""


def test_a_disk_that_is_full_refuses_until_there_is_room_and_loses_nothing(tmp_path: Path) -> None:
    done = on_small_disk(tmp_path, "1m", FULL)
    assert done.returncode == 0, done.stderr
    for found in json.loads(done.stdout):
        assert found["lost"] == []
        assert found["sound"] == "ok"
        assert "full" in found["told"][0]
        assert found["told"][1:] == [None]
