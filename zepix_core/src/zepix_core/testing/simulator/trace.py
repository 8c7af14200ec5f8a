"""What happened, line by line, and the digest by which two runs are compared."""

import hashlib
from collections import deque
from collections.abc import Callable

KEPT = 400


class Trace:
    """Lines with their virtual time; the newest are kept, all are in the digest.

    Args:
        time: Seconds of virtual time.
        show: Called with each line.
    """

    def __init__(self, time: Callable[[], float], show: Callable[[str], None] | None = None) -> None:
        self._time = time
        self._show = show
        self._digest = hashlib.sha256()
        self.lines: deque[str] = deque(maxlen=KEPT)

    def add(self, who: str, what: str) -> None:
        """Note something."""
        line = f"{self._time():12.6f} {who:<8} {what}"
        self._digest.update(line.encode())
        self.lines.append(line)
        if self._show is not None:
            self._show(line)

    @property
    def wanted(self) -> bool:
        """Somebody reads along."""
        return self._show is not None

    def detail(self, who: str, what: str) -> None:
        """Tell who reads along; it is in no digest."""
        if self._show is not None:
            self._show(f"{self._time():12.6f} {who:<8} {what}")

    @property
    def digest(self) -> str:
        """The same for two runs in which the same happened."""
        return self._digest.hexdigest()[:16]
