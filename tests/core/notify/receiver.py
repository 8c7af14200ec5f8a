"""A real HTTP server on loopback that takes notices, and behaves as it is told to."""

import json
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

Behaviour = Callable[[socket.socket], None]


@attrs.frozen
class Taken:
    """A request that came: its first line, headers in lower case, and its body."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def says(status: int, body: str = "", **headers: str) -> Behaviour:
    """Answers, and ends the connection."""
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    data = body.encode()

    def behave(line: socket.socket) -> None:
        line.sendall(
            f"HTTP/1.1 {status} Some Words\r\n{head}Content-Length: {len(data)}\r\n\r\n".encode() + data
        )

    return behave


def writes(data: bytes) -> Behaviour:
    """Answers with bytes that may be anything."""
    return lambda line: line.sendall(data)


def hangs(line: socket.socket) -> None:
    """Never answers, until the caller is gone."""
    line.recv(1)


def drips(line: socket.socket) -> None:
    """Answers a byte at a time, without an end."""
    line.sendall(b"HTTP/1.1 200 OK\r\n")
    wait = threading.Event()
    while not wait.wait(0.02):
        line.sendall(b"X: y\r\n"[:1])


class Receiver:
    """Takes requests one after another; each is answered by the next behaviour, the last one for ever."""

    def __init__(self, *behaviours: Behaviour, certificate: tuple[Path, Path] | None = None) -> None:
        self.taken: list[Taken] = []
        self.behaviours = deque(behaviours or (says(204),))
        self._came = threading.Condition()
        self._context: ssl.SSLContext | None = None
        if certificate is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(*certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._ended = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}/hooks/very-secret-path"

    def wait(self, count: int, seconds: float = 10.0) -> list[Taken]:
        """Wait until so many requests have come."""
        with self._came:
            if not self._came.wait_for(lambda: len(self.taken) >= count, seconds):
                raise TimeoutError(f"{len(self.taken)} of {count} requests came")
            return list(self.taken)

    def texts(self) -> list[str]:
        """The texts of all notices that came."""
        return [one.json["text"] for one in self.taken]

    def close(self) -> None:
        """Take no more; who calls from now on finds nobody."""
        self._ended = True
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return

    def closed(self) -> None:
        """Wait until nobody is there any more."""
        self._thread.join(10)

    def __enter__(self) -> "Receiver":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self) -> None:
        while not self._ended:
            line, _ = self._listener.accept()
            if not self._ended:
                threading.Thread(target=self._take, args=(line,), daemon=True).start()
        self._listener.close()

    def _take(self, line: socket.socket) -> None:
        try:
            with line:
                if self._context is not None:
                    line = self._context.wrap_socket(line, server_side=True)
                line.settimeout(30)
                taken = _read(line)
                with self._came:
                    self.taken.append(taken)
                    more = len(self.behaviours) > 1
                    behave = self.behaviours.popleft() if more else self.behaviours[0]
                    self._came.notify_all()
                behave(line)
        except OSError:
            return


def _read(line: socket.socket) -> Taken:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(line)
    head, _, body = data.partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in rest)}
    while len(body) < int(headers["content-length"]):
        body += _more(line)
    return Taken(first, headers, body)


def _more(line: socket.socket) -> bytes:
    data = line.recv(65_536)
    if not data:
        raise ConnectionResetError
    return data
