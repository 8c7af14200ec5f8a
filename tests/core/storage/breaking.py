"""Real faults for a database that is open: files behind its back, locks of another process, a small disk."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

linux = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs the open files of /proc")

_HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""
_SMALL = 'mount -t tmpfs -o size="$1" small "$2" && shift 2 && exec "$@"'


def in_full(folder: Path) -> Path:
    """The folder as ``/proc`` names it."""
    return folder.resolve()


def wal_of(path: Path) -> Path:
    """The write-ahead log beside a database."""
    return path.with_name(path.name + "-wal")


def swap(path: Path, device: str) -> None:
    """Let every open descriptor of a file lead to a device: writes to ``/dev/null`` succeed and its fsync
    fails, ``/dev/full`` has no room."""
    for link in Path("/proc/self/fd").iterdir():
        try:
            leads_to = link.readlink()
        except FileNotFoundError:
            continue
        if leads_to == path:
            new = os.open(device, os.O_RDWR)
            os.dup2(new, int(link.name))
            os.close(new)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process holds the write lock of a database."""
    child = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin is not None and child.stdout is not None
    try:
        assert child.stdout.readline().strip() == "held"
        yield
    finally:
        child.stdin.close()
        child.wait(10)
        child.stdout.close()


def on_small_disk(folder: Path, size: str, script: str) -> subprocess.CompletedProcess[str]:
    """Run Python text in a mount namespace whose ``folder`` is a disk of that size; skips where that may not
    be done."""
    command = [
        "unshare", "-Urm", "sh", "-c", _SMALL, "sh", size, str(folder),
        sys.executable, "-c", script, str(folder),
    ]  # fmt: skip
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("needs unshare")
    if "unshare failed" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no disks may be mounted here: {done.stderr.strip()}")
    return done
