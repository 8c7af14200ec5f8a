"""Telling the outer supervisor that this process lives (systemd's notify protocol); ending it when it hangs.

A sign of life comes from the inbox loop after it has asked the database, never from a timer: a process whose
loop or database hangs must not look well.
"""

import logging
import os
import socket
import sys
import threading
from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

HUNG = 70
LOOKS = 20
"""Looks, a second apart, without a sign of life before the process is ended; the loop gives one every 5 s."""
FEWEST_LOOKS = 10


class Watchdog:
    """Sends to ``NOTIFY_SOCKET``; where there is none, nothing is sent.

    Args:
        environ: Where ``NOTIFY_SOCKET`` and ``WATCHDOG_USEC`` stand.
        end: Ends the process at once; called in a thread of its own.
    """

    def __init__(
        self, environ: Mapping[str, str] | None = None, end: Callable[[int], None] = os._exit
    ) -> None:
        named = os.environ if environ is None else environ
        self._address = named.get("NOTIFY_SOCKET", "")
        microseconds = named.get("WATCHDOG_USEC", "")
        self.looks = max(int(microseconds) // 1_000_000, FEWEST_LOOKS) if microseconds.isdecimal() else LOOKS
        self._end = end
        self._beats = 0
        self._enough = threading.Event()

    def beat(self) -> None:
        """The loop lives and the database answered."""
        self._beats += 1
        self._send("WATCHDOG=1")

    def ready(self, status: str = "takes alerts") -> None:
        """The start is over."""
        self._send(f"READY=1\nSTATUS={status}")

    def stopping(self) -> None:
        """The end has begun; from now on no sign of life is missed."""
        self._enough.set()
        self._send("STOPPING=1\nSTATUS=stopping")

    def guard(self, look_seconds: float = 1.0) -> None:
        """End the process with code 70 once `looks` looks in a row saw no `beat`.

        Looks are counted, not time: a machine that slept has not hung.
        """
        threading.Thread(target=self._watch, args=(look_seconds,), name="watchdog", daemon=True).start()

    def _watch(self, look_seconds: float) -> None:
        seen, missed = self._beats, 0
        while not self._enough.wait(look_seconds):
            missed = missed + 1 if self._beats == seen else 0
            seen = self._beats
            if missed >= self.looks:
                log.critical("the inbox loop gave no sign of life in %s looks; ending the process", missed)
                self._end(HUNG)
                return

    def _send(self, text: str) -> None:
        if not self._address or sys.platform == "win32":
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
                line.setblocking(False)
                line.sendto(text.encode(), address)
        except OSError as error:
            log.debug("the supervisor could not be told %r: %s", text, error)
