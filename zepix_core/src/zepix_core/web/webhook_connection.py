"""One connection of the webhook: strict HTTP/1.1 with a deadline for everything."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

import msgspec

from zepix_core.errors import StorageError
from zepix_core.inbox.admission import Refusal, screen
from zepix_core.inbox.store import InboxFull, Taken
from zepix_core.model.host import PROBE_MARK
from zepix_core.web.request_head import END, BadHead, RequestHead, is_hopeless, read_head, too_large

if TYPE_CHECKING:
    from zepix_core.web.webhook import WebhookListener

log = logging.getLogger(__name__)
ROUTE = b"/webhook/"
HEALTH = b"/health"
TURN_SECONDS = 1.0
IDLE_SECONDS = 30.0
LINGER_SECONDS = 1.0
LINGER_BYTES = 1_048_576
HEAD = b"HTTP/1.1 %d %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\ndate: %s\r\n"
RETRY_AFTER = b"retry-after: 5\r\n"
CLOSE = b"connection: close\r\n"
REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}
_encode = msgspec.json.Encoder().encode


class WebhookConnection(asyncio.Protocol):
    """Reads requests one after the other; the next is looked at when the last was answered."""

    def __init__(self, listener: "WebhookListener") -> None:
        self.source = ""
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._looked_at = 0
        self._request: RequestHead | None = None
        self._token_id = ""
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = 0.0
        self._discarded = 0
        self._entered = False
        self._complete = False
        self._ended = False
        self._idle = False
        self._is_head_method = False
        self._busy = False
        self._advancing = False
        self._leaving = False

    # What the event loop and the door call.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The transports of uvloop are none of asyncio's classes.
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self.source = peer[0] if peer else ""
        turn = None if self._listener.stopping else self._listener.door.enter(self)
        if turn is None:
            self._leaving = True
            self._stream.abort()
            return
        self._entered = True
        self._listener.connections.add(self)
        if turn:
            self._set_deadlines()
        else:
            self._stream.pause_reading()
            self._arm(TURN_SECONDS, partial(self._refuse, 429, "too_many_connections", retry=True))

    def connection_lost(self, _: Exception | None) -> None:
        self._leaving = True
        self._disarm()
        if self._entered:
            self._entered = False
            self._listener.connections.discard(self)
            self._listener.door.leave(self)

    def admit(self) -> None:
        """Its turn has come."""
        if not self._leaving:
            self._set_deadlines()
            self._stream.resume_reading()

    def leave_if_idle(self) -> bool:
        """Close when the last request is answered and no other has begun."""
        if self._idle and not self._leaving:
            self.close()
            return True
        return False

    def close(self) -> None:
        """Close, after what was written has left."""
        self._leaving = True
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._leaving:
            self._discarded += len(data)
            if self._discarded > LINGER_BYTES:
                self._stream.abort()
            return
        if self._idle:
            self._idle = False
            self._disarm()
        self._buffer += data
        if self._busy:
            self._stream.pause_reading()
        self._advance()

    def eof_received(self) -> bool:
        if self._leaving:
            return False
        self._ended = True
        self._advance()
        return True

    @property
    def _stream(self) -> asyncio.Transport:
        if self._transport is None:
            raise RuntimeError("the connection was never made")
        return self._transport

    # The course of a request.

    def _set_deadlines(self) -> None:
        settings = self._listener.settings
        self._deadline = self._loop.time() + settings.request_seconds
        self._arm(min(settings.header_seconds, settings.request_seconds), self._too_slow)

    def _advance(self) -> None:
        """Take what is there until something is missing or an alert is being stored."""
        if self._advancing:
            return
        self._advancing = True
        try:
            while not (self._busy or self._leaving) and self._step():
                pass
        finally:
            self._advancing = False
        if self._timer is None and not (self._busy or self._leaving):
            self._set_deadlines()

    def _step(self) -> bool:
        """Go one part further; ``False`` when bytes are missing."""
        if self._request is not None:
            return self._take_body(self._request)
        settings, buffer = self._listener.settings, self._buffer
        end = buffer.find(END, self._looked_at)
        # The last bytes of what is not whole may belong to its end.
        size = max(0, len(buffer) - len(END) + 1) if end < 0 else end
        wrong = too_large(buffer, size, settings.max_request_line_bytes, settings.max_header_bytes)
        if wrong is not None:
            self._refuse(wrong.status, wrong.code)
            return False
        if end < 0:
            return self._miss_head()
        head = bytes(buffer[: end + len(END)])
        del buffer[: end + len(END)]
        self._looked_at = 0
        self._on_head(read_head(head))
        return True

    def _miss_head(self) -> bool:
        if self._ended and not self._buffer:
            self.close()
        elif self._ended or is_hopeless(self._buffer, self._looked_at):
            self._refuse(400, "bad_request")
        else:
            self._looked_at = max(0, len(self._buffer) - len(END) + 1)
        return False

    def _take_body(self, request: RequestHead) -> bool:
        length = request.length or 0
        if len(self._buffer) >= length:
            body = bytes(self._buffer[:length])
            del self._buffer[:length]
            self._on_body(body)
            return True
        if self._ended:
            self._refuse(400, "bad_request")
        return False

    def _await_body(self, request: RequestHead) -> None:
        """It has the rest of the request's time to arrive."""
        self._arm(self._deadline - self._loop.time(), self._too_slow)
        if request.waits and not self._buffer:
            self._stream.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _on_head(self, head: RequestHead | BadHead) -> None:
        if isinstance(head, BadHead):
            return self._refuse(head.status, head.code)
        self._is_head_method = head.method == b"HEAD"
        path = head.target.partition(b"?")[0]
        if head.method == b"POST" and path.startswith(ROUTE):
            return self._on_alert_head(head, path.removeprefix(ROUTE))
        if head.method == b"GET" and path == HEALTH:
            ready = self._listener.ready and self._listener.store.healthy
            return self._decide(head, 200 if ready else 503, {"ok": ready, "boot": self._listener.mark})
        return self._decide(head, 404, _code("not_found"))

    def _on_alert_head(self, head: RequestHead, token: bytes) -> None:
        listener = self._listener
        token_id = listener.token_id(token)
        caller = self.source
        if listener.sources is not None:
            verdict = listener.sources.judge(caller, head.headers)
            caller = verdict.caller
            if verdict.refused:
                listener.refuse_caller(verdict, known=token_id is not None)
                return self._decide(head, 404, _code("not_found"))
        if token_id is None:
            if listener.wrong_tokens.is_blocked(caller):
                return self._refuse(429, "too_many_wrong_tokens", retry=True)
            listener.wrong_tokens.note(caller)
            probe = token.startswith(PROBE_MARK.encode())
            level = logging.INFO if probe else logging.WARNING
            log.log(level, "wrong token %s… from %s", token[:4].decode("latin-1"), caller)
            return self._decide(head, 404, _code("not_found"))
        if head.has(b"transfer-encoding"):
            return self._refuse(400, "chunked")
        if head.has(b"content-encoding"):
            return self._refuse(415, "content_encoding")
        if head.length is None:
            return self._refuse(411, "length_required")
        if head.length > listener.settings.max_body_bytes:
            return self._refuse(413, "body_too_large")
        if not listener.ready:
            return self._refuse(503, "not_ready", retry=True)
        self._token_id = token_id
        self._request = head
        if len(self._buffer) < head.length:
            self._await_body(head)

    def _decide(self, head: RequestHead, status: int, body: dict[str, Any]) -> None:
        """Answer without looking at a body: if one follows, the connection is closed instead."""
        self._complete = not head.has_body
        self._answer(status, body, keep=self._complete and head.keep)

    def _on_body(self, body: bytes) -> None:
        self._disarm()
        self._complete = True
        screened = screen(body, self._listener.heads())
        if isinstance(screened, Refusal):
            token_id = self._token_id
            self._answer_request(screened.status, {"code": screened.code, "reason": screened.family})
            self._listener.work(self._listener.note_refusal(token_id, screened, len(body)))
            return
        self._busy = True
        try:
            self._listener.take(self._token_id, screened, self._taken)
        except Exception as error:
            self._not_stored(error)

    def _taken(self, taken: Taken | BaseException) -> None:
        listener = self._listener
        if isinstance(taken, BaseException):
            return self._not_stored(taken)
        self._stored(200, {"id": taken.id, "status": taken.status})
        try:
            listener.on_stored()
        except Exception:
            log.exception("alert %s is stored, but the inbox loop could not be told", taken.id)
        facts = {"alert_id": taken.id}
        log.info("alert %s %s", taken.id, taken.refused or taken.status, extra={"fields": facts})

    def _not_stored(self, error: BaseException) -> None:
        """503 where the sender may try again, 500 where the fault is ours."""
        if isinstance(error, InboxFull):
            return self._stored(503, _code("inbox_full"))
        if isinstance(error, StorageError | sqlite3.Error):
            log.error("an alert could not be stored: %s", error)
            return self._stored(503, _code("storage"))
        log.error("taking an alert failed", exc_info=error)
        return self._stored(500, _code("internal_error"))

    def _stored(self, status: int, body: dict[str, Any]) -> None:
        self._busy = False
        if self._leaving:
            return
        self._answer_request(status, body, retry=status == 503)
        if not self._leaving:
            self._stream.resume_reading()
            self._advance()

    # Answers and ends.

    def _answer_request(self, status: int, body: dict[str, Any], *, retry: bool = False) -> None:
        """Answer a request that was read to its end."""
        self._answer(status, body, keep=self._request is not None and self._request.keep, retry=retry)

    def _answer(self, status: int, body: dict[str, Any], *, keep: bool = False, retry: bool = False) -> None:
        keep = keep and not self._listener.stopping
        data = _encode(body)
        head = HEAD % (status, REASONS[status], len(data), self._listener.date())
        extra = (RETRY_AFTER if retry else b"") + (b"" if keep else CLOSE)
        self._stream.write(head + extra + b"\r\n" + (b"" if self._is_head_method else data))
        self._disarm()
        if keep:
            self._next_request()
        else:
            self._leave()

    def _next_request(self) -> None:
        self._request = None
        self._complete = self._is_head_method = False
        self._token_id = ""
        if not self._buffer:
            self._idle = True
            self._arm(IDLE_SECONDS, self.close)

    def _refuse(self, status: int, code: str, *, retry: bool = False) -> None:
        """Answer before the request was read, and close."""
        if not self._leaving:
            self._answer(status, _code(code), retry=retry)

    def _too_slow(self) -> None:
        self._refuse(408, "too_slow")

    def _leave(self) -> None:
        """Close; a caller that is still sending is heard out for a moment, or it would miss the answer."""
        self._leaving = True
        if self._ended or self._complete:
            self._stream.close()
            return
        if self._stream.can_write_eof():
            self._stream.write_eof()
        self._stream.resume_reading()
        self._arm(LINGER_SECONDS, self.close)

    def _arm(self, seconds: float, action: Callable[[], None]) -> None:
        """The one thing that will happen when nothing else does."""
        self._disarm()
        self._timer = self._loop.call_later(seconds, action)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _code(code: str) -> dict[str, Any]:
    return {"code": code, "reason": code}
