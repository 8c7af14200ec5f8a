"""What the program logs of mistakes of its own: exceptions nobody meant to raise."""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from zepix_core.errors import ZepixError
from zepix_core.journal.intents import IllegalMove


class Complaints(logging.Handler):
    """Keeps log records whose exception is no `ZepixError` and no fault of a disk.

    Attributes:
        found: A sentence each.
    """

    def __init__(self, show: Callable[[str], None] | None = None) -> None:
        super().__init__(logging.ERROR if show is None else logging.INFO)
        self.found: list[str] = []
        self._show = show

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if self._show is not None:
            self._show(
                f"{'':12} log      {record.name}: {record.getMessage()}{f' ({error})' if error else ''}"
            )
        if error is None or not is_mistake(error):
            return
        self.found.append(f"{record.name}: {record.getMessage()}: {type(error).__name__}: {error}")


def is_mistake(error: BaseException) -> bool:
    """Whether an exception was not meant to be raised."""
    if isinstance(error, IllegalMove):
        return True
    return not isinstance(error, ZepixError | sqlite3.Error | TimeoutError | OSError)


@contextmanager
def heard(show: Callable[[str], None] | None = None) -> Iterator[Complaints]:
    """Listen to the program's log, and keep it from the console; ``show`` gets every line."""
    complaints, log = Complaints(show), logging.getLogger("zepix_core")
    before, passed = log.level, log.propagate
    log.addHandler(complaints)
    log.setLevel(complaints.level)
    log.propagate = False
    try:
        yield complaints
    finally:
        log.removeHandler(complaints)
        log.setLevel(before)
        log.propagate = passed
