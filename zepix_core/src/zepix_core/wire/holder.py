"""Who holds a lock file: one process per account or database group, for its whole life.

The lock itself is the operating system's and ends with its process. Beside the lock file ``x.lock`` stands
``x.lock.json`` with the holder's pid and creation time (Windows lets nobody read a locked file), so that a
successor can end exactly that process and no other that got its number later.
"""

import os
import signal
import sys
from pathlib import Path

import attrs
import filelock
import msgspec
import psutil

from zepix_core.clock import Clock, SystemClock, iso
from zepix_core.errors import WireError

SAME_START = 2.0
TRY_SECONDS = 0.05


@attrs.frozen
class Holder:
    """The process that took a lock last.

    Attributes:
        created: When the process began, seconds since the epoch, as the operating system says.
        started: When it took the lock, ISO 8601 UTC, for people.
    """

    pid: int
    created: float
    started: str


def record_path(lock: Path) -> Path:
    """Where the holder of ``lock`` is written."""
    return lock.with_name(lock.name + ".json")


def read_holder(lock: Path) -> Holder | None:
    """The recorded holder, dead or alive; ``None`` when there is no readable record."""
    try:
        return msgspec.json.decode(record_path(lock).read_bytes(), type=Holder)
    except (OSError, msgspec.DecodeError):
        return None


def is_alive(holder: Holder) -> bool:
    """True when that very process still runs."""
    try:
        process = psutil.Process(holder.pid)
        return abs(process.create_time() - holder.created) < SAME_START and process.is_running()
    except psutil.Error:
        return False


def take(lock: Path, patience: float = 5.0, clock: Clock | None = None) -> filelock.BaseFileLock:
    """Take the lock for this process and record it. Keep the result: the lock lives as long as it does.

    Raises:
        WireError: Another process holds it still after ``patience`` seconds.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    guard = filelock.FileLock(lock, thread_local=False)
    try:
        guard.acquire(timeout=patience, poll_interval=TRY_SECONDS)
    except filelock.Timeout:
        raise WireError(f"{lock} is held by {_name(read_holder(lock))}.") from None
    me = psutil.Process()
    record = Holder(me.pid, me.create_time(), iso((clock or SystemClock()).now_ns()))
    draft = record_path(lock).with_suffix(f".{me.pid}")
    draft.write_bytes(msgspec.json.encode(record))
    draft.replace(record_path(lock))
    return guard


def end_holder(lock: Path, patience: float = 10.0) -> Holder | None:
    """End whoever holds ``lock``, wait until the lock is free, and leave it free for the next child.

    Only a process whose pid *and* creation time are the recorded ones is ended, with its process group.
    Blocks for up to ``patience`` seconds.

    Returns:
        The holder that was ended, ``None`` when nobody held the lock.

    Raises:
        WireError: The lock stays taken.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    guard = filelock.FileLock(lock, thread_local=False)
    ended: Holder | None = None
    for attempt in range(int(patience / TRY_SECONDS) + 1):
        try:
            guard.acquire(timeout=TRY_SECONDS if attempt else 0, poll_interval=TRY_SECONDS / 5)
        except filelock.Timeout:
            holder = read_holder(lock)
            if holder is not None and holder.pid == os.getpid():
                raise WireError(f"{lock} is held by this very process.") from None
            if holder is not None and _kill(holder):
                ended = holder
        else:
            guard.release()
            return ended
    raise WireError(
        f"{lock} is still held by {_name(read_holder(lock))}.", "End that process by hand, then start again."
    )


def kill_group(pid: int) -> None:
    """End a process that leads its own group, and what it started in it. Other processes are ended alone."""
    if sys.platform == "win32":
        _kill_tree(pid)
        return
    try:
        if os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        kill_leftovers(pid)


def kill_leftovers(pid: int) -> None:
    """End what a process that is gone left behind in its group (POSIX; Windows jobs need no help)."""
    # A number that still names a group is given to no new process: a group without its leader is the old one.
    if sys.platform == "win32" or psutil.pid_exists(pid):
        return
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return  # nothing is left; macOS says "not permitted" of a group of zombies


def _kill_tree(pid: int) -> None:
    try:
        process = psutil.Process(pid)
        family = [*process.children(recursive=True), process]
    except psutil.Error:
        return
    for member in family:
        try:
            member.kill()
        except psutil.Error:
            continue


def _kill(holder: Holder) -> bool:
    """True when that holder was still alive."""
    if is_alive(holder):
        kill_group(holder.pid)
        return True
    kill_leftovers(holder.pid)
    return False


def _name(holder: Holder | None) -> str:
    if holder is None:
        return "an unknown process"
    return f"process {holder.pid}" + (
        "" if is_alive(holder) else ", which has ended: a process it left behind"
    )
