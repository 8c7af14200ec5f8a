"""A database that is looked at and not touched: damaged, or a copy."""

import asyncio
from pathlib import Path
from typing import NoReturn

from zepix_core.errors import DatabaseDamaged
from zepix_core.storage.commit import T, Work
from zepix_core.storage.connection import open_reader
from zepix_core.storage.executor import Then, Watch, read_once


class Sealed:
    """Reads what can be read, refuses every write.

    Args:
        why: What writers are told.
    """

    connections = 0
    alive = True

    def __init__(self, path: Path, why: DatabaseDamaged) -> None:
        self.path = path
        self._why = why

    async def run(self, work: Work[T]) -> T:
        """Refused."""
        self._refuse()

    def submit(self, work: Work[T], then: Then) -> None:
        """Refused."""
        self._refuse()

    async def read(self, work: Work[T]) -> T:
        """Run ``work`` on a connection of its own.

        Raises:
            StorageError: What it needs cannot be read.
        """
        return await asyncio.to_thread(self._read, work)

    def watch(self, listener: Watch) -> None:
        """It stays as it is: there is nothing to tell."""

    async def close(self) -> None:
        """There is nothing to close."""

    def _refuse(self) -> NoReturn:
        raise DatabaseDamaged(self._why.message, self._why.hint)

    def _read(self, work: Work[T]) -> T:
        connection = open_reader(self.path)
        try:
            return read_once(self.path, connection, work)
        finally:
            connection.close()
