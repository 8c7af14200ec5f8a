"""One connection of the webhook: strict HTTP/1.1 with a deadline for everything."""

import asyncio
import logging
import re
import sqlite3
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import h11
import msgspec

from zepix_core.errors import StorageError
from zepix_core.inbox.admission import Refusal, screen
from zepix_core.inbox.store import InboxFull, Taken
from zepix_core.model.host import PROBE_MARK

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
_HEAD_END = re.compile(rb"\n\r?\n")
_encode = msgspec.json.Encoder().encode


class WebhookConnection(asyncio.Protocol):
    """Reads requests one after the other; the next is looked at when the last was answered."""

    def __init__(self, listener: "WebhookListener") -> None:
        self.source = ""
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=listener.largest_head)
        self._head = bytearray()
        self._chunks: list[bytes] = []
        self._token_id = ""
        self._answer_without_body: tuple[int, dict[str, Any]] | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._discarded = 0
        self._entered = False
        self._in_head = True
        self._timed = False
        self._idle = False
        self._continued = False
        self._is_head_method = False
        self._busy = False
        self._advancing = False
        self._leaving = False

    # What the event loop and the door call.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("the webhook speaks over streams only")
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self.source = peer[0] if peer else ""
        turn = None if self._listener.stopping else self._listener.door.enter(self)
        if turn is None:
            self._leaving = True
            transport.abort()
            return
        self._entered = True
        self._listener.connections.add(self)
        if turn:
            self._set_deadlines()
        else:
            transport.pause_reading()
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
        self._idle = False
        if self._in_head:
            self._head += data
        self._http.receive_data(data)
        if self._busy:
            self._stream.pause_reading()
        self._advance()

    def eof_received(self) -> bool:
        if self._leaving:
            return False
        self._http.receive_data(b"")
        self._advance()
        return True

    @property
    def _stream(self) -> asyncio.Transport:
        if self._transport is None:
            raise RuntimeError("the connection was never made")
        return self._transport

    # The course of a request.

    def _set_deadlines(self) -> None:
        self._disarm()
        self._timed = True
        settings = self._listener.settings
        self._arm(settings.request_seconds, self._too_slow)
        self._arm(settings.header_seconds, self._too_slow)

    def _advance(self) -> None:
        """Take events until data is missing or an alert is being stored."""
        if self._advancing:
            return
        self._advancing = True
        try:
            while not (self._busy or self._leaving) and self._step():
                pass
        except h11.RemoteProtocolError as error:
            self._refuse(error.error_status_hint, "bad_request")
        finally:
            self._advancing = False
        if not (self._busy or self._leaving or self._idle or self._timed):
            self._set_deadlines()

    def _step(self) -> bool:
        event = self._http.next_event()
        if isinstance(event, h11.Request):
            self._on_head(event)
        elif isinstance(event, h11.Data):
            self._chunks.append(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            self._on_end()
        elif isinstance(event, h11.ConnectionClosed):
            self.close()
        else:
            if self._token_id and self._http.they_are_waiting_for_100_continue and not self._continued:
                self._continued = True
                self._stream.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return False
        return True

    def _on_head(self, request: h11.Request) -> None:
        if self._timed:
            self._timers.pop().cancel()
        self._in_head = False
        self._is_head_method = request.method == b"HEAD"
        settings = self._listener.settings
        head = bytes(self._head).lower()
        self._head.clear()
        path = request.target.partition(b"?")[0]
        if len(request.method) + len(request.target) + 11 > settings.max_request_line_bytes:
            return self._refuse(414, "request_line_too_long")
        if sum(len(name) + len(value) + 4 for name, value in request.headers) > settings.max_header_bytes:
            return self._refuse(431, "headers_too_large")
        if request.method == b"POST" and path.startswith(ROUTE):
            return self._on_alert_head(request, path.removeprefix(ROUTE), head)
        if request.method == b"GET" and path == HEALTH:
            ready = self._listener.ready and self._listener.store.healthy
            self._decide(request, 200 if ready else 503, {"ok": ready, "boot": self._listener.mark})
        else:
            self._decide(request, 404, _code("not_found"))

    def _on_alert_head(self, request: h11.Request, token: bytes, head: bytes) -> None:
        listener = self._listener
        token_id = listener.token_id(token)
        caller = self.source
        if listener.sources is not None:
            verdict = listener.sources.judge(caller, request.headers)
            caller = verdict.caller
            if verdict.refused:
                listener.refuse_caller(verdict, known=token_id is not None)
                return self._decide(request, 404, _code("not_found"))
        if token_id is None:
            if listener.wrong_tokens.is_blocked(caller):
                return self._refuse(429, "too_many_wrong_tokens", retry=True)
            listener.wrong_tokens.note(caller)
            probe = token.startswith(PROBE_MARK.encode())
            level = logging.INFO if probe else logging.WARNING
            log.log(level, "wrong token %s… from %s", token[:4].decode("latin-1"), caller)
            return self._decide(request, 404, _code("not_found"))
        headers = dict(request.headers)
        if b"transfer-encoding" in headers:
            return self._refuse(400, "chunked")
        if b"content-encoding" in headers:
            return self._refuse(415, "content_encoding")
        if b"content-length" not in headers:
            return self._refuse(411, "length_required")
        end = _HEAD_END.search(head)
        if head.count(b"\ncontent-length:", 0, end.start() + 1 if end else None) > 1:
            return self._refuse(400, "several_lengths")
        if int(headers[b"content-length"]) > listener.settings.max_body_bytes:
            return self._refuse(413, "body_too_large")
        if not listener.ready:
            return self._refuse(503, "not_ready", retry=True)
        self._token_id = token_id

    def _decide(self, request: h11.Request, status: int, body: dict[str, Any]) -> None:
        """Answer without looking at a body: if one follows, the connection is closed instead."""
        headers = dict(request.headers)
        if b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0":
            self._answer(status, body, close=True)
        else:
            self._answer_without_body = (status, body)

    def _on_end(self) -> None:
        self._disarm()
        if self._answer_without_body is not None:
            self._answer(*self._answer_without_body)
            return
        body = b"".join(self._chunks)
        screened = screen(body, self._listener.heads())
        if isinstance(screened, Refusal):
            token_id = self._token_id
            self._answer(screened.status, {"code": screened.code, "reason": screened.family})
            self._listener.work(self._listener.note_refusal(token_id, screened, len(body)))
            return
        self._busy = True
        try:
            storing = self._listener.store.submit(self._token_id, screened)
        except Exception as error:
            return self._not_stored(error)
        self._listener.watch(storing)
        storing.add_done_callback(self._taken)

    def _taken(self, storing: "asyncio.Future[Taken]") -> None:
        listener = self._listener
        error = asyncio.CancelledError() if storing.cancelled() else storing.exception()
        if error is not None:
            return self._not_stored(error)
        taken = storing.result()
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
        self._answer(status, body, retry=status == 503)
        if not self._leaving:
            self._stream.resume_reading()
            self._advance()

    # Answers and ends.

    def _answer(self, status: int, body: dict[str, Any], *, close: bool = False, retry: bool = False) -> None:
        keep = not close and not self._listener.stopping and self._http.their_state is h11.DONE
        data = _encode(body)
        head = HEAD % (status, REASONS[status], len(data), self._listener.date())
        extra = (RETRY_AFTER if retry else b"") + (b"" if keep else CLOSE)
        self._stream.write(head + extra + b"\r\n" + (b"" if self._is_head_method else data))
        if keep:
            self._next_request()
        else:
            self._leave()

    def _next_request(self) -> None:
        early, ended = self._http.trailing_data
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=self._listener.largest_head)
        if early:
            self._http.receive_data(early)
        if ended:
            self._http.receive_data(b"")
        self._head[:] = early
        self._in_head = True
        self._token_id = ""
        self._chunks.clear()
        self._answer_without_body = None
        self._continued = False
        if not early:
            self._idle = True
            self._arm(IDLE_SECONDS, self.close)

    def _refuse(self, status: int, code: str, *, retry: bool = False) -> None:
        """Answer before the request was read, and close."""
        if not self._leaving:
            self._answer(status, _code(code), close=True, retry=retry)

    def _too_slow(self) -> None:
        self._refuse(408, "too_slow")

    def _leave(self) -> None:
        """Close; a caller that is still sending is heard out for a moment, or it would miss the answer."""
        self._disarm()
        self._leaving = True
        _, ended = self._http.trailing_data
        if ended or self._http.their_state in (h11.DONE, h11.MUST_CLOSE, h11.CLOSED):
            self._stream.close()
            return
        if self._stream.can_write_eof():
            self._stream.write_eof()
        self._stream.resume_reading()
        self._arm(LINGER_SECONDS, self.close)

    def _arm(self, seconds: float, action: Callable[[], None]) -> None:
        self._timers.append(self._loop.call_later(seconds, action))

    def _disarm(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._timed = False


def _code(code: str) -> dict[str, Any]:
    return {"code": code, "reason": code}
