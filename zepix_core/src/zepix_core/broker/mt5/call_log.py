"""The file in which every call of the terminal is written down."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

from zepix_core.broker.mt5.module import Module, load_module
from zepix_core.broker.mt5.recording import Recorder

MOST_BYTES = 64 * 1024 * 1024


class CallLog:
    """Lines in a file; one that is full becomes ``NAME.1``, in place of the one before.

    What cannot be written is left out: the trade goes on.
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        self._path = path
        self._most = most_bytes

    def write(self, line: str) -> None:
        """Add a line."""
        try:
            if self._path.exists() and self._path.stat().st_size >= self._most:
                self._path.replace(self._path.with_name(f"{self._path.name}.1"))
            with self._path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(f"{line}\n")
        except OSError:
            return


def load_recorded(path: Path, load: Callable[[], Module] = load_module) -> Callable[[], Module]:
    """As `load_module`, with a `Recorder` before the module that writes to ``path``."""
    return lambda: cast("Module", Recorder(load(), CallLog(path).write))
