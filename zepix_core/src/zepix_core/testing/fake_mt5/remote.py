"""The double for other processes: a terminal that outlives every gateway, as a real one does."""

import json
import os
import socket
import socketserver
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from zepix_core.broker.mt5.recording import encode
from zepix_core.testing.fake_mt5.constants import constants
from zepix_core.testing.fake_mt5.module import FUNCTIONS, NAME, VERSION, FakeMT5
from zepix_core.testing.fake_mt5.recording import decode
from zepix_core.testing.fake_mt5.refusals import ERRORS
from zepix_core.wire.channel import Handler
from zepix_core.wire.process import Child, spawn

VARIABLE = "ZEPIX_FAKE_MT5"
GATEWAY = "zepix_core.testing.fake_mt5.gateway"
BROKEN_PIPE = -10002


class FakeTerminal:
    """Serves a double on a loopback port of its own, so that processes can use it as their terminal.

    The test goes on using ``fake`` itself, from any thread: quotes, faults, hands. Each connection is a
    process of its own to the double; when it is killed, the terminal and the broker's books stay.

        fake = FakeMT5(clock=SystemClock())
        with FakeTerminal(fake) as terminal:
            client = GatewayClient(init, lock, clock, start_child=terminal.start_child)

    Attributes:
        port: On the loopback. ``environment``: what a process needs for `install`; children inherit it.
    """

    def __init__(self, fake: FakeMT5) -> None:
        self.fake = fake
        self._server = _Server(("127.0.0.1", 0), _Connection)
        self._server.fake = fake
        self.port: int = self._server.server_address[1]
        self.environment = {VARIABLE: str(self.port)}
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> "FakeTerminal":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.fake.release()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def hang_up(self) -> None:
        """Break every connection; processes see a terminal that ended and have to connect anew."""
        for connection in tuple(self._server.connections):
            connection.shutdown(socket.SHUT_RDWR)

    async def start_child(
        self, module: str, *, lock: Path, log_name: str, handlers: Mapping[str, Handler] | None = None
    ) -> Child:
        """Start the real gateway's process with this terminal: `GatewayClient`'s ``start_child``."""
        return await spawn(GATEWAY, lock=lock, log_name=log_name, handlers=handlers, env=self.environment)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    fake: FakeMT5

    def __init__(self, address: tuple[str, int], handler: type[socketserver.StreamRequestHandler]) -> None:
        super().__init__(address, handler)
        self.connections: set[socket.socket] = set()


class _Connection(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.server.connections.add(self.connection)
        # A process that was killed in the middle of a call is no fault of the terminal.
        with self.server.fake.another_process(), suppress(ConnectionError):
            for line in self.rfile:
                self.wfile.write(json.dumps(self._answer(json.loads(line))).encode() + b"\n")

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        fake = self.server.fake
        args = [decode(value) for value in asked["args"]]
        named = {key: decode(value) for key, value in asked["named"].items()}
        reply = getattr(fake, asked["call"])(*args, **named)
        return {"reply": encode(reply), "error": list(fake.last_error())}


def remote_module(port: int) -> ModuleType:
    """The module ``MetaTrader5`` of a process whose terminal is a `FakeTerminal` on that port.

    A connection that breaks fails each call with -10002, as a terminal does which ended.
    """
    made = ModuleType(NAME, "The double of MetaTrader5 in another process.")
    line = _Line(port)
    made.__dict__.update(constants())
    made.__dict__.update({name: line.function(name) for name in FUNCTIONS})
    made.__dict__.update(__version__=VERSION, __author__="Zepix")
    return made


def install() -> None:
    """Put the remote module where ``import MetaTrader5`` finds it; the environment names the terminal."""
    port = os.environ.get(VARIABLE, "")
    if not port:
        raise SystemExit(f"{VARIABLE} is not set: it is the port of a FakeTerminal")
    sys.modules[NAME] = remote_module(int(port))


class _Line:
    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._reader = self._socket.makefile("rb")
        self._error: tuple[int, str] = (1, ERRORS[1])

    def function(self, name: str) -> Any:
        def ask(*args: Any, **named: Any) -> Any:
            if name == "last_error":
                return self._error
            asked = {
                "call": name,
                "args": [encode(value) for value in args],
                "named": {key: encode(value) for key, value in named.items()},
            }
            try:
                self._socket.sendall(json.dumps(asked).encode() + b"\n")
                told = self._reader.readline()
            except OSError:
                told = b""
            if not told:
                self._error = (BROKEN_PIPE, ERRORS[BROKEN_PIPE])
                return None
            answer = json.loads(told)
            self._error = (int(answer["error"][0]), str(answer["error"][1]))
            return decode(answer["reply"])

        ask.__name__ = name
        return ask
