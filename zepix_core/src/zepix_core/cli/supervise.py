"""``zepix run --supervised``: the same host, started again after a crash, where there is no systemd."""

import random
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import click

from zepix_core.clock import Clock, SystemClock
from zepix_core.errors import ZepixError

FINAL = (0, 2, 4)
FIRST_WAIT = 0.5
LONGEST_WAIT = 60.0
HEALTHY_SECONDS = 600.0
MOST_STARTS = 10
WINDOW_SECONDS = 300.0


class GaveUp(ZepixError):
    """The host crashed too often."""

    exit_code = 70


def child_arguments(home: Path, options: Mapping[str, Any]) -> list[str]:
    """The command line of the host itself: the same options without ``--supervised``."""
    arguments = ["--home", str(home), "run"]
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            arguments.append(flag)
        elif value is not None and value is not False:
            arguments += [flag, str(value)]
    return arguments


def next_wait(wait: float, ran_seconds: float) -> float:
    """The back-off before the next start: doubles to a minute, and begins anew after ten healthy minutes."""
    return FIRST_WAIT if ran_seconds >= HEALTHY_SECONDS else min(wait * 2, LONGEST_WAIT)


def supervise(arguments: Sequence[str], clock: Clock | None = None) -> int:
    """Run the host again and again until it ends on purpose (0, 2, 4), or a signal asks for the end.

    Raises:
        GaveUp: It crashed 10 times within 5 minutes.
    """
    clock = clock if clock is not None else SystemClock()
    stopping = False
    child: subprocess.Popen[bytes] | None = None

    def pass_on(number: int, _: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        if child is not None and child.poll() is None:
            _ask_to_end(child, number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    starts: deque[float] = deque(maxlen=MOST_STARTS)
    wait = FIRST_WAIT
    try:
        while True:
            began = clock.monotonic()
            starts.append(began)
            child = _start(arguments)
            code = _ended(child)
            if stopping or code in FINAL:
                return code if code in (*FINAL, 1, 3, 70) else 0
            now = clock.monotonic()
            if len(starts) == MOST_STARTS and now - starts[0] < WINDOW_SECONDS:
                raise GaveUp(
                    f"The host crashed {MOST_STARTS} times within {WINDOW_SECONDS / 60:.0f} minutes.",
                    "Look at `zepix logs`, then start it again.",
                )
            click.echo(f"The host ended with code {code}; starting again in {wait:.1f} s.", err=True)
            _pause(clock, wait * random.uniform(0.5, 1.0), lambda: stopping)  # noqa: S311 (jitter)
            if stopping:
                return 0
            wait = next_wait(wait, now - began)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ask_to_end(child: "subprocess.Popen[bytes]", number: int) -> None:
    if sys.platform == "win32":
        child.send_signal(signal.CTRL_BREAK_EVENT)
    else:
        child.send_signal(number)


def _start(arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
    """In a session of its own, so that Ctrl-C reaches it once, through us."""
    command = [sys.executable, "-m", "zepix_core", *arguments]
    if sys.platform == "win32":
        return subprocess.Popen(command, creationflags=subprocess.CREATE_NEW_PROCESS_GROUP)  # noqa: S603
    return subprocess.Popen(command, start_new_session=True)  # noqa: S603


def _ended(child: "subprocess.Popen[bytes]") -> int:
    while True:
        try:
            return child.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            continue


def _pause(clock: Clock, seconds: float, enough: Callable[[], bool]) -> None:
    end = clock.monotonic() + seconds
    while clock.monotonic() < end and not enough():
        time.sleep(0.1)
