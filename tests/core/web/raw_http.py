"""HTTP by hand over a real socket, so that tests can be as rude as the internet."""

import asyncio
import json
import re
from typing import Any


class RawClient:
    """One connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def __aenter__(self) -> "RawClient":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    def end(self) -> None:
        """Close the sending side only."""
        self._writer.write_eof()

    async def answer(self) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Status, JSON body and headers of the next answer.

        Raises:
            EOFError: The connection was closed instead.
        """
        async with asyncio.timeout(10):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines[1:])
            }
            body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        status = re.match(r"HTTP/1\.1 (\d+)", head)
        assert status is not None, head
        return int(status[1]), json.loads(body) if body else {}, headers

    async def rest(self) -> bytes:
        """Everything until the other side closes."""
        async with asyncio.timeout(10):
            return await self._reader.read()


def post(body: bytes | str, token: str, *headers: str, length: int | None = None) -> bytes:
    """The bytes of a request."""
    data = body.encode() if isinstance(body, str) else body
    size = len(data) if length is None else length
    lines = [f"POST /webhook/{token} HTTP/1.1", "Host: here", f"Content-Length: {size}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data
