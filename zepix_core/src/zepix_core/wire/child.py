"""The child's side of a process border: takes its pipes, holds its lock, serves until its host is gone."""

import asyncio
import faulthandler
import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

from zepix_core import logs
from zepix_core.errors import ZepixError
from zepix_core.wire.channel import Channel, Handler
from zepix_core.wire.frames import FrameDecoder
from zepix_core.wire.holder import take

HOST_PID = "ZEPIX_HOST_PID"
PR_SET_PDEATHSIG = 1
SIGKILL = 9
READ_SIZE = 64 * 1024
ENDED, FAILED, ORPHANED, LOCKED = 0, 1, 3, 4

log = logging.getLogger(__name__)


def serve(build: Callable[[Channel], Mapping[str, Handler]]) -> NoReturn:
    """Run a child process: ``python -I -m MODULE LOCK [argument…]``. Never returns.

    ``build`` is called once, inside the running loop, with the channel to the host, and returns what this
    child serves. It may keep the channel and start tasks. The process ends at once when the host closes
    its end or dies.
    """
    die_with_host()
    incoming, outgoing = take_pipes()
    logs.configure_child()
    faulthandler.enable()
    _forbid_core_dumps()
    try:
        guard = take(Path(sys.argv[1]))
    except ZepixError as error:
        log.error("%s", error)
        os._exit(LOCKED)
    try:
        asyncio.run(_serve(build, incoming, outgoing))
    except BaseException:
        log.exception("%s failed", sys.argv[0])
        os._exit(FAILED)
    del guard
    os._exit(ENDED)


def take_pipes() -> tuple[int, int]:
    """Keep the pipes to the host for the protocol alone.

    Whatever prints afterwards prints to the log (stderr), and whatever reads stdin reads nothing.

    Returns:
        Two descriptors: frames come in on the first and go out on the second.
    """
    incoming, outgoing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(incoming, os.O_BINARY)
        msvcrt.setmode(outgoing, os.O_BINARY)
    sys.stdout = sys.stderr
    return incoming, outgoing


def die_with_host() -> None:
    """Ask the kernel to end this process with its host (Linux; on Windows the host's job does it)."""
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
    host = os.environ.get(HOST_PID)
    if host is not None and int(host) != os.getppid():
        os._exit(ORPHANED)


def _forbid_core_dumps() -> None:
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


async def _serve(build: Callable[[Channel], Mapping[str, Handler]], incoming: int, outgoing: int) -> None:
    lock = threading.Lock()

    def write(data: bytes) -> None:
        view = memoryview(data)
        with lock:
            while view:
                view = view[os.write(outgoing, view) :]

    channel = Channel(write, peer="the host")
    channel.handlers = build(channel)
    loop = asyncio.get_running_loop()
    threading.Thread(target=_read, args=(incoming, loop, channel), name="wire-reader", daemon=True).start()
    await channel.closed.wait()
    log.error("the channel to the host closed: %s", channel.reason)


def _read(incoming: int, loop: asyncio.AbstractEventLoop, channel: Channel) -> None:
    decoder = FrameDecoder()
    try:
        while data := os.read(incoming, READ_SIZE):
            for body in decoder.feed(data):
                loop.call_soon_threadsafe(channel.receive, body)
    except ZepixError as error:
        loop.call_soon_threadsafe(channel.close, str(error))
        return
    except OSError as error:
        log.error("reading from the host failed: %s", error)
    # The host is gone or has let go: what this process still holds must be free at once.
    os._exit(ENDED)
