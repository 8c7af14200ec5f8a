"""The head of one request, judged when it is whole: llhttp's strictness, and ours where it is lax.

Only heads go through the parser. Where a body ends is decided by the one length that a head may name.
"""

import re

import attrs
from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

END = b"\r\n\r\n"
# llhttp skips empty lines before the request line, takes several spaces in it, and speaks 0.9, 2.0 and RTSP.
_LINE = re.compile(rb"([A-Z-]+) ([!-~]+) HTTP/1\.([01])\r\n")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([^\r]*?)[ \t]*(?=\r)", re.IGNORECASE)
_STRAY_NEWLINE = re.compile(rb"(?<!\r)\n")
LENGTH_DIGITS = 20


@attrs.frozen(kw_only=True)
class RequestHead:
    """A head that keeps every rule.

    Attributes:
        headers: Names in lower case, and values without space around them.
        length: Bytes of the body as announced, ``None`` when it names none.
        keep: Another request may follow on this connection.
        waits: The sender waits for ``100 Continue`` before it sends the body.
    """

    method: bytes
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    length: int | None
    keep: bool
    waits: bool

    def has(self, name: bytes) -> bool:
        """A header of this name, in lower case, is there."""
        return any(name == one for one, _ in self.headers)

    @property
    def has_body(self) -> bool:
        """Something follows that belongs to this request."""
        return bool(self.length) or self.has(b"transfer-encoding")


@attrs.frozen
class BadHead:
    """What is wrong with it: HTTP status, always 4xx, and one word."""

    status: int
    code: str


BAD_REQUEST = BadHead(400, "bad_request")
SEVERAL_LENGTHS = BadHead(400, "several_lengths")
TOO_LONG_LINE = BadHead(414, "request_line_too_long")
TOO_LARGE = BadHead(431, "headers_too_large")
TOO_LARGE_BODY = BadHead(413, "body_too_large")


def too_large(data: bytearray, size: int, largest_line: int, largest_headers: int) -> BadHead | None:
    """Is a head, or its beginning, over a limit? ``size`` bytes of ``data`` belong to it."""
    line = data.find(b"\r\n", 0, size)
    if line < 0:
        line = size
    if line > largest_line:
        return TOO_LONG_LINE
    return TOO_LARGE if size - line > largest_headers else None


def is_hopeless(data: bytearray, start: int) -> bool:
    """Can no head come of this beginning? ``start``: what lies before was looked at already."""
    return bool(data) and (data[0] <= 0x20 or _STRAY_NEWLINE.search(data, start) is not None)


def read_head(data: bytes) -> RequestHead | BadHead:
    """Judge a whole head, the empty line at its end included. Never raises."""
    line = _LINE.match(data)
    if line is None:
        return BAD_REQUEST
    fields = _Fields()
    try:
        HttpRequestParser(fields).feed_data(data)
    except HttpParserUpgrade:
        # Not taken up; but what follows may be in another language.
        fields.close = True
    except HttpParserError:
        return _what_is_wrong(data)
    method, target, minor = line.groups()
    modern = minor == b"1"
    if not fields.whole or fields.hosts > 1 or (modern and not fields.hosts):
        return BAD_REQUEST
    return RequestHead(
        method=method,
        target=target,
        headers=tuple(fields.headers),
        length=fields.length,
        keep=modern and not fields.close,
        waits=fields.waits and modern,
    )


class _Fields:
    """Collects what the parser finds."""

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.length: int | None = None
        self.hosts = 0
        self.close = self.waits = self.whole = False

    def on_header(self, name: bytes, value: bytes) -> None:
        name, value = name.lower(), value.rstrip(b" \t")
        self.headers.append((name, value))
        if name == b"content-length":
            if len(value) > LENGTH_DIGITS:
                raise ValueError("no length has so many digits")
            self.length = int(value)
        elif name == b"host":
            self.hosts += 1
        elif name == b"connection":
            self.close = self.close or b"close" in (word.strip() for word in value.lower().split(b","))
        elif name == b"expect":
            self.waits = value.lower() == b"100-continue"

    def on_headers_complete(self) -> None:
        self.whole = True


def _what_is_wrong(data: bytes) -> BadHead:
    """Tell the mistakes with a length apart, which senders do make, from all others."""
    lengths = _LENGTH.findall(data)
    if len(lengths) > 1:
        return SEVERAL_LENGTHS
    if lengths and lengths[0].isdigit() and len(lengths[0]) <= LENGTH_DIGITS:
        return TOO_LARGE_BODY if int(lengths[0]) >= 1 << 64 else BAD_REQUEST
    return BAD_REQUEST
