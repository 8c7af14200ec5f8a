"""What the program logs of mistakes of its own: exceptions nobody meant to raise."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from zepix_core.errors import ZepixError
from zepix_core.journal.intents import IllegalMove


class Complaints(logging.Handler):
    """Keeps log records whose exception is no `ZepixError` and no fault of a disk.

    Attributes:
        found: A sentence each.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is None or not is_mistake(error):
            return
        self.found.append(f"{record.name}: {record.getMessage()}: {type(error).__name__}: {error}")


def is_mistake(error: BaseException) -> bool:
    """Whether an exception was not meant to be raised."""
    if isinstance(error, IllegalMove):
        return True
    return not isinstance(error, ZepixError | sqlite3.Error | TimeoutError | OSError)


@contextmanager
def heard(level: int = logging.ERROR) -> Iterator[Complaints]:
    """Listen to the program's log, and keep it from the console."""
    complaints, log = Complaints(), logging.getLogger("zepix_core")
    before, passed = log.level, log.propagate
    log.addHandler(complaints)
    log.setLevel(level)
    log.propagate = level < logging.ERROR
    try:
        yield complaints
    finally:
        log.removeHandler(complaints)
        log.setLevel(before)
        log.propagate = passed
