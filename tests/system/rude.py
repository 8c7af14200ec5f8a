"""HTTP by hand to a running host's webhook, so that tests can be as rude as the internet."""

import json
import re
import socket
from typing import Any

import attrs

from zepix_core.testing.process import RunningHost

PATIENCE = 15.0


@attrs.frozen
class Said:
    """What came back: status 0 and no body when the connection was closed without an answer."""

    status: int
    body: dict[str, Any]


def head(token: str, *headers: str) -> bytes:
    """Request line and headers of an alert."""
    return "\r\n".join((f"POST /webhook/{token} HTTP/1.1", "Host: here", *headers)).encode() + b"\r\n\r\n"


def say(host: RunningHost, data: bytes, *, then_leave: bool = False) -> Said:
    """Send bytes and read until the host closes; ``then_leave``: close the sending side after them."""
    with socket.create_connection(("127.0.0.1", host.ports()["webhook"]), PATIENCE) as connection:
        connection.sendall(data)
        if then_leave:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(65_536):
            answer += chunk
    match = re.match(rb"HTTP/1\.1 (\d+)", answer)
    if match is None:
        return Said(0, {})
    text = answer.partition(b"\r\n\r\n")[2]
    return Said(int(match[1]), json.loads(text) if text else {})
