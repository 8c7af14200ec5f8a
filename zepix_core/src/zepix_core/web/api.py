"""The API port as a face of the host: REST on the loopback address, in the host's own loop."""

import asyncio
import contextlib
import importlib
import logging
import socket
import sys
from collections.abc import Iterator
from typing import Any

from zepix_core.errors import SettingsError
from zepix_core.lifeline import one_for_one
from zepix_core.web.rest.gate import Gate
from zepix_core.web.view import HostView

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
WAIT_SECONDS = 2.0


class ApiServer:
    """Serves the REST API of a started host.

    Args:
        port: Port to listen on; 0 takes any free one (see `port`).
        hashed_token: SHA-256 of the API token, hexadecimal.
    """

    name = "api"

    def __init__(self, port: int, hashed_token: str) -> None:
        self._wanted, self._hashed = port, hashed_token
        self._socket: socket.socket | None = None
        self._server: Any = None
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._stopping = False
        self._known_port = port

    @property
    def port(self) -> int | None:
        """The port listened on, ``None`` before the start."""
        if self._socket is None:
            return None
        return self._known_port if self._socket.fileno() < 0 else int(self._socket.getsockname()[1])

    def bind(self) -> None:
        """Take the port, without answering yet.

        Raises:
            SettingsError: The port is taken.
        """
        if self._socket is not None:
            return
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            if sys.platform == "win32":
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((LOOPBACK, self._wanted))
            listener.listen(64)
        except OSError as error:
            listener.close()
            raise SettingsError(
                f"The API port {self._wanted} cannot be used: {error.strerror or error}.",
                "Stop what uses it, or choose another with --api-port or api.port (0 takes a free one).",
            ) from error
        listener.setblocking(False)
        self._socket = listener

    async def start(self, host: HostView) -> None:
        """Listen. Callers wait in the socket's queue until what answers them is loaded.

        Raises:
            SettingsError: The port is taken.
        """
        self.bind()
        serving = one_for_one(lambda: self._serve(host), "the API port", host.clock)
        self._task = asyncio.create_task(serving, name="api")

    def announce(self, ready: bool) -> None:
        """Being ready comes first, answering here second."""
        if ready:
            self._ready.set()

    async def stop(self) -> None:
        """Stop listening; requests in flight are answered."""
        self._stopping = True
        self._ready.set()
        if self._server is not None:
            self._server.should_exit = True
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def _serve(self, host: HostView) -> None:
        # Half a second of imports: after the host is ready, or beside a start that takes long; in a thread,
        # so that alerts are taken meanwhile.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ready.wait(), WAIT_SECONDS)
        application = await asyncio.to_thread(importlib.import_module, "zepix_core.web.rest.app")
        server = await asyncio.to_thread(_make_server)
        app = Gate(application.create_app(host), self._hashed, host.clock)
        server.config.loaded_app = server.config.app = app
        self._server = server
        if not self._stopping:
            await server.serve(sockets=[self._listener()])

    def _listener(self) -> socket.socket:
        """The socket, at the same port again when a server that failed has closed it."""
        if self._socket is None or self._socket.fileno() < 0:
            self._wanted, self._socket = self._known_port, None
            self.bind()
        if self._socket is None:
            raise SettingsError("The API port is not bound.")
        self._known_port = int(self._socket.getsockname()[1])
        return self._socket


def _make_server() -> Any:
    import uvicorn

    logging.getLogger("uvicorn").setLevel(logging.WARNING)

    class Server(uvicorn.Server):
        """The host handles signals; this server does not."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    return Server(
        uvicorn.Config(
            _nothing,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            # The loop is the host's, and what else is installed changes nothing here.
            loop="none",
            http="h11",
            ws="none",
            timeout_graceful_shutdown=3,
            limit_concurrency=64,
        )
    )


async def _nothing(*_: Any) -> None:
    """Stands where the application is put before the server starts."""
