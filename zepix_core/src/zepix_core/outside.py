"""What a host reaches the world through besides clock and broker: ports with the real thing as default."""

import gc
import secrets
from collections.abc import Callable
from pathlib import Path
from random import random

import attrs

from zepix_core.journal.opening import open_journal
from zepix_core.plugins.discovery import discover
from zepix_core.plugins.fleet import Look
from zepix_core.plugins.link import LinkFactory
from zepix_core.storage.executor import Executor


def _mark() -> str:
    return secrets.token_hex(8)


def _settle_memory() -> None:
    """What was imported stays: collections need not look at it again, and answers need not wait for that."""
    gc.collect()
    gc.freeze()


@attrs.frozen(kw_only=True)
class Outside:
    """The simulator puts its own in place of each.

    Attributes:
        journal: Opens ``journal.db``.
        links: Starts workers; ``None``: processes, or with ``--inline`` this process.
        look: Finds installed distributions.
        random: Numbers from 0 to 1 for pauses between restarts.
        mark: Makes the name of one run of the host.
        settle_memory: Called once all is started.
    """

    journal: Callable[[Path], Executor] | None = None
    links: LinkFactory | None = None
    look: Look = discover
    random: Callable[[], float] = random
    mark: Callable[[], str] = _mark
    settle_memory: Callable[[], None] = _settle_memory

    def open_journal(self, path: Path, same_thread: bool) -> Executor:
        """Open ``journal.db``, or make it.

        Raises:
            DatabaseDamaged: It is not a database.
            SettingsError: It cannot be opened.
        """
        return open_journal(path, same_thread) if self.journal is None else self.journal(path)
