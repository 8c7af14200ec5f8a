"""Who sends alerts: a chart's server that waits three seconds and sends again after a 5xx."""

import asyncio
import json

import attrs

from zepix_core.testing.simulator.home import TOKEN
from zepix_core.testing.simulator.loop import SimulatedLoop
from zepix_core.testing.simulator.trace import Trace

PATIENCE = 3.0
AGAIN_SECONDS = 5.0
DELIVERIES = 4


@attrs.frozen
class Taken:
    """An answer 200.

    Attributes:
        status: ``accepted`` or ``duplicate``.
        at: When it came, seconds of virtual time.
    """

    id: int
    body: str
    status: str
    at: float


class Sender:
    """Sends, and remembers what it was promised.

    Attributes:
        taken: Every answer 200, in order.
        answers: Status of every answer, 0 for none.
    """

    def __init__(self, loop: SimulatedLoop, trace: Trace) -> None:
        self.taken: list[Taken] = []
        self.answers: list[int] = []
        self._loop, self._trace = loop, trace
        self._sending: set[asyncio.Task[None]] = set()

    def send(self, body: str) -> None:
        """Deliver an alert, again after a 5xx; nobody waits for it."""
        task = asyncio.ensure_future(self._deliver(body))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def idle(self) -> None:
        """Wait until nothing is being sent."""
        while self._sending:
            await asyncio.wait(self._sending)

    async def _deliver(self, body: str) -> None:
        for _ in range(DELIVERIES):
            if await self.post(body) < 500:
                return
            await asyncio.sleep(AGAIN_SECONDS)

    async def post(self, body: str) -> int:
        """One delivery: its status, 0 when there was no answer in time."""
        told: asyncio.Future[bytes] = self._loop.create_future()
        connection = self._loop.network.connect(lambda data: None if told.done() else told.set_result(data))
        if connection is None:
            self._trace.add("sender", f"refused: {body}")
            self.answers.append(0)
            return 0
        data = body.encode()
        head = (
            f"POST /webhook/{TOKEN} HTTP/1.1\r\nHost: simulated\r\nContent-Length: {len(data)}\r\n"
            "Connection: close\r\n\r\n"
        )
        connection.send(head.encode() + data)
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await told
        except TimeoutError:
            answer = b""
        status = self._read(answer, body)
        self.answers.append(status)
        return status

    def _read(self, answer: bytes, body: str) -> int:
        head, end, text = answer.partition(b"\r\n\r\n")
        if not end:
            self._trace.add("sender", f"no answer: {body}")
            return 0
        status, told = int(head.split(b" ", 2)[1]), json.loads(text)
        self._trace.add("sender", f"{status} {told}: {body}")
        if status == 200:
            self.taken.append(Taken(told["id"], body, told["status"], self._loop.time()))
        return status
