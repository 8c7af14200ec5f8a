import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from zepix_core.storage.connection import Durability, open_writer
from zepix_core.storage.executor import Executor, SameThread, WriterThread
from zepix_core.storage.journal_schema import TABLES
from zepix_core.testing.clock import VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    with closing(open_writer(path, Durability.FULL)) as connection:
        connection.executescript(TABLES)
    return path


@pytest.fixture
async def executor(journal: Path) -> AsyncIterator[Executor]:
    executor = SameThread(journal, Durability.FULL)
    yield executor
    await executor.close()


@pytest.fixture(params=[SameThread, WriterThread])
async def either_executor(request: pytest.FixtureRequest, journal: Path) -> AsyncIterator[Executor]:
    executor: Executor = request.param(journal, Durability.FULL)
    yield executor
    await executor.close()


@pytest.fixture
def reader(journal: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(journal)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection
