"""Loopback connections without sockets: bytes go in, the real protocol answers."""

import asyncio
from collections.abc import Callable
from typing import Any

from zepix_core.testing.simulator.processes import Process

PORT = 8080


class Socket:
    """What a server shows of itself."""

    def getsockname(self) -> tuple[str, int]:
        """Address and port."""
        return ("127.0.0.1", PORT)


class Server:
    """Takes connections until it is closed or its process ends."""

    def __init__(self, make: Callable[[], Any], process: Process) -> None:
        self.make, self.process = make, process
        self.sockets = (Socket(),)
        self.open = True

    def close(self) -> None:
        """Take no more."""
        self.open = False

    async def wait_closed(self) -> None:
        """Nothing is left open."""


class Network:
    """One port, one server."""

    def __init__(self) -> None:
        self._server: Server | None = None

    def listen(self, make: Callable[[], Any], process: Process) -> Server:
        """A new server; the one before must have ended.

        Raises:
            OSError: The port is taken.
        """
        if self._server is not None and self._server.open and self._server.process.alive:
            raise OSError("the port is taken")
        self._server = Server(make, process)
        return self._server

    def connect(self, closed: Callable[[bytes], None]) -> "Connection | None":
        """A connection, ``None`` when nobody listens.

        Args:
            closed: Gets all that was answered, once the connection has ended.
        """
        server = self._server
        if server is None or not server.open or not server.process.alive:
            return None
        return Connection(server, closed)


class Connection(asyncio.Transport):
    """The server's side of one connection, as its protocol sees it."""

    def __init__(self, server: Server, closed: Callable[[bytes], None]) -> None:
        super().__init__({"peername": ("127.0.0.1", 50_000)})
        self._process = server.process
        self._protocol: Any = None
        self._make = server.make
        self._answer = bytearray()
        self._closed: Callable[[bytes], None] | None = closed
        self._process.at_end(self._hang_up)

    def send(self, data: bytes) -> None:
        """The client's bytes arrive: a step of the server's process."""
        self._process.later(0.0, self._receive, data)

    def _receive(self, data: bytes) -> None:
        if self._protocol is None:
            self._protocol = self._make()
            self._protocol.connection_made(self)
        self._protocol.data_received(data)

    def write(self, data: Any) -> None:
        self._answer += data

    def close(self) -> None:
        self._process.later(0.0, self._lose)
        self._hang_up()

    abort = close

    def _lose(self) -> None:
        self._protocol.connection_lost(None)

    def _hang_up(self) -> None:
        told, self._closed = self._closed, None
        if told is not None:
            told(bytes(self._answer))

    def is_closing(self) -> bool:
        return self._closed is None

    def get_write_buffer_size(self) -> int:
        return 0

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        """All has arrived already."""

    def resume_reading(self) -> None:
        """All has arrived already."""
