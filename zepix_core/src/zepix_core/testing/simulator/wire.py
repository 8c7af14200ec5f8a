"""Pipes between simulated processes: frames arrive later and in order, also those of one that has died."""

import asyncio
from collections.abc import Mapping
from random import Random

from zepix_core.testing.simulator.processes import Process
from zepix_core.wire.channel import Channel, Handler
from zepix_core.wire.frames import HEADER
from zepix_core.wire.process import KILLED, Child

FRAME_SECONDS = 0.002
LAST_WORDS_SECONDS = 0.001


class Pipe:
    """One direction. Frames keep their order, whatever each takes.

    Attributes:
        twice: The next frame arrives twice.
    """

    def __init__(self, chance: Random, source: Process, target: Process) -> None:
        self._chance, self._source, self._target = chance, source, target
        self._last = 0.0
        self.reader: Channel | None = None
        self.twice = False

    def write(self, data: bytes) -> None:
        """Send one frame.

        Raises:
            BrokenPipeError: Nobody reads any more.
        """
        if not self._target.alive:
            raise BrokenPipeError("the other process has ended")
        for _ in range(2 if self.twice else 1):
            self._target.later(self._delay(), self._arrive, data[HEADER:])
        self.twice = False

    def end(self) -> None:
        """The writing side is gone: its last frames arrive, then the end."""
        self._target.later(self._delay() + LAST_WORDS_SECONDS, self._close)

    def _delay(self) -> float:
        now = self._target.loop.time()
        self._last = max(self._last, now + FRAME_SECONDS * self._chance.random())
        return self._last - now

    def _arrive(self, body: bytes) -> None:
        if self.reader is not None:
            self.reader.receive(body)

    def _close(self) -> None:
        if self.reader is not None:
            self.reader.close("it ended")


def connect(
    chance: Random, near: Process, far: Process, handlers: Mapping[str, Handler]
) -> tuple[Channel, Channel, Pipe]:
    """Both ends of a border: the first is the host's, served by ``handlers``; the second is the child's. The
    pipe is the one back to the host."""
    there, back = Pipe(chance, near, far), Pipe(chance, far, near)
    mine = Channel(there.write, handlers, peer=far.kind)
    theirs = Channel(back.write, peer=near.kind)
    there.reader, back.reader = theirs, mine
    far.at_end(back.end)
    near.at_end(there.end)
    return mine, theirs, back


class SimulatedChild(Child):
    """A child process as its starter holds it; also a `zepix_core.plugins.link.Link`.

    Args:
        parent: Who started it; it is told of the end.
    """

    def __init__(self, process: Process, parent: Process, channel: Channel) -> None:
        super().__init__(process.kind, lambda _: None)
        self.channel = channel
        self.pid = process.pid
        self._process = process
        process.at_end(lambda: parent.later(2 * FRAME_SECONDS + LAST_WORDS_SECONDS, self._gone))

    async def stop(self, grace: float = 5.0) -> int:
        self._process.later(FRAME_SECONDS, self._process.kill)
        return await self.wait()

    def kill(self) -> None:
        self.channel.close(KILLED)
        self._process.kill()

    async def wait(self) -> int:
        await self.exited.wait()
        return -9 if self.returncode is None else self.returncode

    def _gone(self) -> None:
        self.returncode = -9
        self.channel.close("it ended")
        self.exited.set()


async def forked(seconds: float) -> None:
    """Starting a process takes its time."""
    await asyncio.sleep(seconds)
