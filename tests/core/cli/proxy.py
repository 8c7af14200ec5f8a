"""A reverse proxy on loopback, as good or as bad as a test wants it."""

import asyncio
import re
import ssl
from collections.abc import Callable
from pathlib import Path

TLS = Path(__file__).parents[2] / "data" / "tls"
Change = Callable[[bytes, bytes], tuple[bytes, bytes]]


def as_it_is(head: bytes, body: bytes) -> tuple[bytes, bytes]:
    return head, body


def strip(prefix: bytes) -> Change:
    """Cut this off the front of the path."""
    return lambda head, body: (head.replace(b" " + prefix, b" ", 1), body)


def in_chunks(head: bytes, body: bytes) -> tuple[bytes, bytes]:
    if not body:
        return head, body
    head = re.sub(rb"content-length: \d+", b"Transfer-Encoding: chunked", head, flags=re.IGNORECASE)
    return head, b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


def packed(head: bytes, body: bytes) -> tuple[bytes, bytes]:
    return (head.replace(b"\r\n", b"\r\nContent-Encoding: gzip\r\n", 1) if body else head), body


class Proxy:
    """Hands requests on to ``upstream`` (a port), changed by ``change``, or answers by itself.

    Args:
        answer: Bytes to answer to every request instead.
        delay: Seconds to wait before handing on.
        tls: Serve with the certificate of the tests' data.
    """

    def __init__(
        self,
        upstream: int = 0,
        change: Change = as_it_is,
        *,
        answer: bytes | None = None,
        delay: float = 0.0,
        tls: bool = False,
    ) -> None:
        self._upstream, self._change, self._answer, self._delay = upstream, change, answer, delay
        self._context: ssl.SSLContext | None = None
        if tls:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
        self.seen: list[bytes] = []

    async def __aenter__(self) -> "Proxy":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            body = await reader.readexactly(int(length[1]) if length else 0)
            self.seen.append(head.partition(b"\r\n")[0])
            await asyncio.sleep(self._delay)
            writer.write(self._answer if self._answer is not None else await self._ask(head, body))
            await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            return  # the caller only connected, or did not like the certificate
        finally:
            writer.close()

    async def _ask(self, head: bytes, body: bytes) -> bytes:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        except OSError:
            return b"HTTP/1.1 502 Bad Gateway\r\nServer: proxy\r\nContent-Length: 0\r\n\r\n"
        writer.write(b"".join(self._change(head, body)))
        answer = await reader.read()
        writer.close()
        return answer
