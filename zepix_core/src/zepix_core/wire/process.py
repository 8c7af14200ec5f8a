"""The host's side of a process border: start a child, talk to it, end it."""

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from zepix_core import logs
from zepix_core.errors import WireError
from zepix_core.wire.channel import Channel, Handler
from zepix_core.wire.child import HOST_PID
from zepix_core.wire.frames import MAX_FRAME, FrameDecoder
from zepix_core.wire.holder import end_holder, kill_group, kill_leftovers

if sys.platform == "win32":
    from zepix_core.wire.windows_job import Job

log = logging.getLogger(__name__)

SECRET_ENDINGS = ("TOKEN", "PASSWORD", "SECRET", "KEY")
ONLY_ON_REQUEST = frozenset({"ZEPIX_PAPER_FAULTS"})
# glibc keeps an arena a thread, which costs a worker megabytes; other systems do not read it.
LEAN = {"MALLOC_ARENA_MAX": "1"}
WRITE_LIMIT = 4 * MAX_FRAME
LINE_LIMIT = 64 * 1024
LAST_WORDS = 2.0
KILLED = "killed"


class Child:
    """A running child process.

    Attributes:
        pid: Its process id, which is also its process group on POSIX.
        channel: Where to talk to it. It closes when the child ends, breaks the protocol, or stops reading.
        exited: Set once the process has ended and everything it said has been read.
        returncode: Its exit code, negative for a signal, ``None`` while it runs.
    """

    def __init__(self, module: str, on_line: Callable[[str], None]) -> None:
        self.module = module
        self.pid = 0
        self.returncode: int | None = None
        self.exited = asyncio.Event()
        self.channel = Channel(self._write, drain=self._drain, peer=module)
        self._on_line = on_line
        self._decoder = FrameDecoder()
        self._line = bytearray()
        self._writable = asyncio.Event()
        self._writable.set()
        self._ended = asyncio.Event()
        self._hung_up = False
        self._silent = asyncio.Event()
        self._transport: asyncio.SubprocessTransport | None = None
        self._watch: asyncio.Task[None] | None = None

    def attach(self, transport: asyncio.SubprocessTransport) -> None:
        """Take the started process."""
        self._transport = transport
        self.pid = transport.get_pid()
        if sys.platform == "win32":
            self._job = Job(self.pid)
        self._watch = asyncio.get_running_loop().create_task(self._until_exit(), name=f"watch {self.module}")

    async def wait(self) -> int:
        """Wait until the child has ended; returns its exit code."""
        await self.exited.wait()
        return -1 if self.returncode is None else self.returncode

    async def stop(self, grace: float = 5.0) -> int:
        """Close its stdin, which makes it end, and end it by force after ``grace`` seconds.

        A child that has something to finish is asked by a request before this.
        """
        pipe = self._stdin()
        if pipe is not None:
            pipe.close()
        try:
            async with asyncio.timeout(grace):
                return await self.wait()
        except TimeoutError:
            self.kill()
        return await self.wait()

    def kill(self) -> None:
        """End the whole process group at once; `exited` follows."""
        self.channel.close(KILLED)
        if self.returncode is None and self.pid:
            self._kill_group()

    def _kill_group(self) -> None:
        if sys.platform == "win32":
            self._job.kill()
        else:
            kill_group(self.pid)

    async def _until_exit(self) -> None:
        """See the child to its end, whoever of process, pipe and protocol ends first."""
        closed = asyncio.ensure_future(self.channel.closed.wait())
        ended = asyncio.ensure_future(self._ended.wait())
        await asyncio.wait((closed, ended), return_when=asyncio.FIRST_COMPLETED)
        closed.cancel()
        # One that closed its end is ending; one that broke the protocol or stopped reading is not.
        if not await _within(ended, LAST_WORDS if self._hung_up else 0):
            self._kill_group()
            await self._ended.wait()
        # Something the child started may still live in its group and keep the pipes open.
        if sys.platform == "win32":
            self._job.kill()
        else:
            kill_leftovers(self.pid)
        await _within(asyncio.ensure_future(self._silent.wait()), LAST_WORDS)
        self.channel.close("it ended")
        if self._line:
            self._say(self._line)
        if self._transport is not None:
            self._transport.close()
        if sys.platform == "win32":
            self._job.close()
        self.exited.set()

    def _stdin(self) -> asyncio.WriteTransport | None:
        pipe = self._transport.get_pipe_transport(0) if self._transport is not None else None
        return cast("asyncio.WriteTransport | None", pipe)

    def _write(self, data: bytes) -> None:
        pipe = self._stdin()
        if pipe is None or pipe.is_closing():
            raise BrokenPipeError(f"{self.module} no longer reads")
        if pipe.get_write_buffer_size() > WRITE_LIMIT:
            raise BrokenPipeError(f"{self.module} does not read what it is sent")
        pipe.write(data)

    async def _drain(self) -> None:
        await self._writable.wait()

    def heard(self, data: bytes) -> None:
        """Bytes of the protocol."""
        if self.channel.closed.is_set():
            return
        try:
            for body in self._decoder.feed(data):
                self.channel.receive(body)
        except WireError as error:
            self.channel.close(str(error))

    def said(self, data: bytes) -> None:
        """Bytes of the log."""
        self._line += data
        *lines, rest = self._line.split(b"\n")
        for line in lines:
            self._say(line)
        if len(rest) > LINE_LIMIT:
            self._say(rest)
            rest = bytearray()
        self._line = rest

    def _say(self, line: bytes | bytearray) -> None:
        text = line[:LINE_LIMIT].decode("utf-8", "replace").rstrip("\r")
        if not text:
            return
        try:
            self._on_line(text)
        except Exception:
            log.exception("a line of %s could not be logged", self.module)

    def writable(self, yes: bool) -> None:
        """The pipe to the child has room again, or is full."""
        if yes:
            self._writable.set()
        else:
            self._writable.clear()

    def ended(self, returncode: int | None) -> None:
        """The process has ended; what it said may still be on its way."""
        self.returncode = returncode
        self._writable.set()
        self._ended.set()

    def hung_up(self, fd: int) -> None:
        """One of its pipes has closed."""
        if fd == 0:
            self._writable.set()
        elif fd == 1:
            self._hung_up = True
            self.channel.close("it closed its end" + (" within a frame" if self._decoder.partial else ""))
        elif fd == 2:
            self._silent.set()


class _Pipes(asyncio.SubprocessProtocol):
    """Hands what the loop tells of the pipes to the child's object."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._transport: asyncio.SubprocessTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The transports of uvloop are none of asyncio's classes.
        self._transport = cast(asyncio.SubprocessTransport, transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1:
            self._child.heard(data)
        else:
            self._child.said(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._child.hung_up(fd)

    def pause_writing(self) -> None:
        self._child.writable(False)

    def resume_writing(self) -> None:
        self._child.writable(True)

    def process_exited(self) -> None:
        self._child.ended(self._transport.get_returncode() if self._transport is not None else None)


async def _within(waiter: "asyncio.Future[Any]", seconds: float) -> bool:
    done, _ = await asyncio.wait((waiter,), timeout=seconds)
    if not done:
        waiter.cancel()
    return bool(done)


def child_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a child sees of this process's environment: no secrets, and ``extra`` on top."""
    names = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().endswith(SECRET_ENDINGS) and name.upper() not in ONLY_ON_REQUEST
    }
    return {**LEAN, **names, **(extra or {}), HOST_PID: str(os.getpid())}


class StartChild(Protocol):
    """Starts a child as `spawn` does."""

    async def __call__(
        self, module: str, *, lock: Path, log_name: str, handlers: Mapping[str, Handler] | None = None
    ) -> Child: ...


async def spawn(
    module: str,
    *,
    lock: Path,
    log_name: str,
    handlers: Mapping[str, Handler] | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    args: Sequence[str] = (),
    python: str | Path = sys.executable,
    on_line: Callable[[str], None] | None = None,
) -> Child:
    """End the lock's earlier holder, then start ``python -I -m module lock *args`` in a session of its own.

    Args:
        lock: Lock file the child holds for life.
        log_name: Under which its stderr lines stand in the log, unless ``on_line`` takes them.
        handlers: What the host serves to it.
        env: Environment variables beyond `child_environment`.

    Raises:
        WireError: The earlier holder cannot be ended, or the interpreter cannot be started.
    """
    await asyncio.to_thread(end_holder, lock)
    child = Child(module, on_line or (lambda line: logs.relay(log_name, line)))
    child.channel.handlers = handlers or {}
    flags: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        flags = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    loop = asyncio.get_running_loop()
    try:
        transport, _ = await loop.subprocess_exec(
            lambda: _Pipes(child),
            str(python), "-I", "-m", module, str(lock), *args,
            env=child_environment(env), cwd=cwd, **flags,
        )  # fmt: skip
    except OSError as error:
        raise WireError(f"{module} cannot be started: {error}.") from error
    try:
        child.attach(transport)
    except OSError as error:
        transport.kill()
        raise WireError(f"{module} cannot be tied to this process: {error}.") from error
    return child
