"""The door of the API port: who asks, from where, and how often wrongly."""

import hmac
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

import msgspec

from zepix_core.clock import Clock
from zepix_core.config.secrets import token_hash

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
OPEN_PATHS = ("/api/health",)
FAILED_PER_MINUTE = 10
BODY_LIMIT = 65_536


class Gate:
    """An ASGI application before another one. It lets through who names the token from this machine.

    Args:
        hashed: SHA-256 of the token, hexadecimal.
    """

    def __init__(self, app: App, hashed: str, clock: Clock) -> None:
        self._app, self._hashed, self._clock = app, hashed, clock
        self._failures: deque[float] = deque()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        refused = self._judge(scope["path"], headers)
        if refused is not None:
            await _answer(send, *refused)
            return
        await self._app(scope, receive, _guarded(send))

    def _judge(self, path: str, headers: dict[bytes, str]) -> tuple[int, str, str, str] | None:
        if not _is_loopback(headers.get(b"host", "")):
            return 403, "BAD_HOST", "This address is not served.", "Ask 127.0.0.1."
        origin = headers.get(b"origin")
        if origin is not None and not _is_loopback(origin.partition("://")[2]):
            return 403, "BAD_ORIGIN", "Pages of other sites may not ask.", "Use the command line."
        length = headers.get(b"content-length", "0")
        if not length.isdecimal() or int(length) > BODY_LIMIT or b"transfer-encoding" in headers:
            return 413, "TOO_LARGE", f"A body may hold {BODY_LIMIT} bytes, its length named.", ""
        if path in OPEN_PATHS:
            return None
        now = self._clock.monotonic()
        while self._failures and now - self._failures[0] > 60:
            self._failures.popleft()
        if len(self._failures) >= FAILED_PER_MINUTE:
            return 429, "TOO_MANY", "Too many wrong tokens.", "Wait a minute."
        scheme, _, token = headers.get(b"authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(token_hash(token.strip()), self._hashed):
            return None
        self._failures.append(now)
        hint = "Send Authorization: Bearer <ZEPIX_API_TOKEN of .env>."
        return 401, "UNAUTHORIZED", "The token is missing or wrong.", hint


def error_body(code: str, message: str, hint: str = "") -> bytes:
    """The body of every refusal."""
    return msgspec.json.encode({"error": {"code": code, "message": message, "hint": hint}})


def _is_loopback(host: str) -> bool:
    name, _, port = host.rpartition(":")
    return host in LOOPBACK or (name in LOOPBACK and port.isdecimal())


def _headers(extra: Iterable[tuple[bytes, bytes]] = ()) -> list[tuple[bytes, bytes]]:
    return [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"), *extra]


def _guarded(send: Send) -> Send:
    async def guarded(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *_headers()]}
        await send(message)

    return guarded


async def _answer(send: Send, status: int, code: str, message: str, hint: str) -> None:
    body = error_body(code, message, hint)
    told = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 401:
        told.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": status, "headers": _headers(told)})
    await send({"type": "http.response.body", "body": body})
