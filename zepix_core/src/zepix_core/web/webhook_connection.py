"""One connection of the webhook: strict HTTP/1.1 with a deadline for everything.

Nothing is taken off what arrived while the connection waits its turn, while an alert is being stored, while
the caller does not read its answers, and while others have their go; meanwhile no more is read either.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from zepix_core.errors import StorageError
from zepix_core.inbox.admission import Refusal, screen
from zepix_core.inbox.store import InboxFull, Taken
from zepix_core.web.answer import CONTINUE, written
from zepix_core.web.request_head import END, BadHead, RequestHead, is_hopeless, read_head, too_large
from zepix_core.web.route import Denied, ForAlert, Health, route

if TYPE_CHECKING:
    from zepix_core.web.webhook import WebhookListener

log = logging.getLogger(__name__)
TURN_SECONDS = 1.0
IDLE_SECONDS = 30.0
LINGER_SECONDS = 1.0
LINGER_BYTES = 1_048_576
# TradingView gives up after 3 s and does not send again what it gave up; what got a 503 it does.
STORE_SECONDS = 2.0
# Of pipelined requests so many parts are taken in one turn of the loop; a request with a body has two.
PARTS_A_TURN = 16
# So many requests in a row may come without a good token before the connection is closed.
MOST_STRANGE = 100


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
        self._strange = 0
        self._asked = 0
        self._entered = False
        self._complete = False
        self._ended = False
        self._idle = False
        self._is_head_method = False
        # Why nothing is taken off the buffer now: no turn yet, an alert is being stored, answers are not
        # read, others have their go.
        self._waiting = False
        self._busy = False
        self._full = False
        self._resting = False
        self._paused = False
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
            self._begin()
            self._await()
        else:
            self._waiting = True
            self._pause()
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
            self._waiting = False
            self._disarm()
            self._begin()
            self._advance()

    def leave_if_idle(self) -> bool:
        """Close when the last request is answered and no other has begun."""
        if self._idle and not self._leaving:
            self.close()
            return True
        return False

    def close(self) -> None:
        """Close, after what was written has left; who does not read it is hung up on in a moment."""
        self._leaving = True
        self._disarm()
        if self._transport is not None:
            if self._transport.get_write_buffer_size():
                self._arm(LINGER_SECONDS, self._transport.abort)
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
            self._begin()
        self._buffer += data
        if self._is_held:
            self._pause()
            self._await()
        else:
            self._advance()

    def eof_received(self) -> bool:
        if self._leaving:
            return False
        self._ended = True
        self._advance()
        return True

    def pause_writing(self) -> None:
        """The caller does not read its answers as fast as they are made."""
        self._full = True
        if not self._leaving:
            self._disarm()
            self._await()

    def resume_writing(self) -> None:
        self._full = False
        if not self._leaving:
            self._disarm()
            self._begin()
            self._advance()

    @property
    def _stream(self) -> asyncio.Transport:
        if self._transport is None:
            raise RuntimeError("the connection was never made")
        return self._transport

    # The course of a request.

    @property
    def _is_held(self) -> bool:
        return self._busy or self._full or self._resting or self._waiting

    def _begin(self) -> None:
        """The time of a request begins."""
        self._deadline = self._loop.time() + self._listener.settings.request_seconds

    def _advance(self) -> None:
        """Take what is there until something is missing or must be waited for."""
        if self._advancing:
            return
        self._advancing = True
        try:
            self._take_turn()
        except Exception:
            # Whoever called may have more to do than this connection.
            log.exception("a connection of %s is closed by a fault of ours", self.source)
            self.close()
        finally:
            self._advancing = False
        self._await()

    def _take_turn(self) -> None:
        for _ in range(PARTS_A_TURN):
            if self._leaving or self._is_held or not self._step():
                return
        self._resting = True
        self._loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        self._resting = False
        self._advance()

    def _await(self) -> None:
        """Set what will happen when nothing else does, and read on if bytes are missing."""
        if self._advancing or self._leaving or self._busy or self._resting or self._waiting:
            return
        settings = self._listener.settings
        if self._full:
            if self._timer is None:
                self._arm(settings.request_seconds, self._stream.abort)
            return
        if self._timer is None:
            if self._idle:
                self._arm(IDLE_SECONDS, self.close)
            elif self._request is None:
                self._arm(min(settings.header_seconds, settings.request_seconds), self._too_slow)
            else:
                self._arm(self._deadline - self._loop.time(), self._too_slow)
        if self._paused:
            self._paused = False
            self._stream.resume_reading()

    def _pause(self) -> None:
        self._paused = True
        # uvloop starts to read after connection_made, whatever was asked there: one more piece may arrive.
        self._stream.pause_reading()

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

    def _on_head(self, head: RequestHead | BadHead) -> None:
        if isinstance(head, BadHead):
            return self._refuse(head.status, head.code)
        self._is_head_method = head.method == b"HEAD"
        way = route(self._listener, self.source, head)
        if isinstance(way, ForAlert):
            self._strange = 0
            self._token_id, self._request = way.token_id, head
            if len(self._buffer) < (head.length or 0):
                self._await_body(head)
            return
        if isinstance(way, Denied):
            return self._refuse(way.status, way.code, retry=way.retry)
        if isinstance(way, Health):
            ready = self._listener.ready and self._listener.store.healthy
            return self._decide(head, 200 if ready else 503, {"ok": ready, "boot": self._listener.mark})
        return self._decide(head, 404, _code("not_found"))

    def _await_body(self, request: RequestHead) -> None:
        """It has the rest of the request's time to arrive."""
        self._disarm()
        if request.waits and not self._buffer:
            self._stream.write(CONTINUE)

    def _decide(self, head: RequestHead, status: int, body: dict[str, Any]) -> None:
        """Answer without looking at a body: if one follows, the connection is closed instead."""
        self._complete = not head.has_body
        self._strange += 1
        self._answer(status, body, keep=self._complete and head.keep and self._strange < MOST_STRANGE)

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
            self._listener.take(self._token_id, screened, partial(self._taken, self._asked))
        except Exception as error:
            return self._not_stored(error)
        self._arm(STORE_SECONDS, self._too_long)

    def _too_long(self) -> None:
        """The database does not come back. Should the alert be stored yet, it is a duplicate when it comes
        again."""
        log.error("an alert is not stored after %g s; the sender is asked to try again", STORE_SECONDS)
        self._stored(503, _code("storage"))

    def _taken(self, asked: int, taken: Taken | BaseException) -> None:
        if isinstance(taken, Taken):
            try:
                self._listener.on_stored()
            except Exception:
                log.exception("alert %s is stored, but the inbox loop could not be told", taken.id)
        if asked != self._asked:
            return  # it was answered for
        if isinstance(taken, BaseException):
            return self._not_stored(taken)
        self._stored(200, {"id": taken.id, "status": taken.status})
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
        self._asked += 1
        if self._leaving:
            return
        self._disarm()
        self._answer_request(status, body, retry=status == 503)
        self._advance()

    # Answers and ends.

    def _answer_request(self, status: int, body: dict[str, Any], *, retry: bool = False) -> None:
        """Answer a request that was read to its end."""
        self._answer(status, body, keep=self._request is not None and self._request.keep, retry=retry)

    def _answer(self, status: int, body: dict[str, Any], *, keep: bool = False, retry: bool = False) -> None:
        keep = keep and not self._listener.stopping
        date, with_body = self._listener.date(), not self._is_head_method
        self._disarm()
        self._stream.write(written(status, body, date, keep=keep, retry=retry, with_body=with_body))
        if keep:
            self._next_request()
        else:
            self._leave()

    def _next_request(self) -> None:
        self._request = None
        self._complete = self._is_head_method = False
        self._token_id = ""
        self._idle = not self._buffer
        if not self._idle:
            self._begin()

    def _refuse(self, status: int, code: str, *, retry: bool = False) -> None:
        """Answer before the request was read, and close."""
        if not self._leaving:
            self._answer(status, _code(code), retry=retry)

    def _too_slow(self) -> None:
        self._refuse(408, "too_slow")

    def _leave(self) -> None:
        """Close; a caller that is still sending is heard out for a moment, or it would miss the answer."""
        self._leaving = True
        if self._ended or (self._complete and not self._buffer):
            return self.close()
        self._buffer.clear()
        if self._stream.can_write_eof():
            self._stream.write_eof()
        self._stream.resume_reading()
        self._arm(LINGER_SECONDS, self._stream.abort)

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
