"""The bytes of one answer of the webhook."""

from http import HTTPStatus
from typing import Any

import msgspec

HEAD = b"HTTP/1.1 %d %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\ndate: %s\r\n"
RETRY_AFTER = b"retry-after: 5\r\n"
CLOSE = b"connection: close\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}
_encode = msgspec.json.Encoder().encode


def written(
    status: int, body: dict[str, Any], date: bytes, *, keep: bool, retry: bool, with_body: bool
) -> bytes:
    """An answer with a JSON body.

    Args:
        date: The value of the ``Date`` header.
        keep: Another request may follow on the connection.
        retry: The sender may try again in a moment.
        with_body: Send the body too; of an answer to ``HEAD`` only its length is told.
    """
    data = _encode(body)
    head = HEAD % (status, REASONS[status], len(data), date)
    extra = (RETRY_AFTER if retry else b"") + (b"" if keep else CLOSE)
    return head + extra + b"\r\n" + (data if with_body else b"")
