"""Requests, replies and notifications, in both directions, over one stream of frames.

A message is MessagePack ``[kind, id, name, payload]``. The payload stays raw until its reader is known, so
it is decoded once, as the right type. The channel knows no pipe: `write` takes whole frames, and whoever
reads the stream hands bodies to `receive`. It belongs to one event loop.
"""

import asyncio
import inspect
import itertools
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import attrs
import msgspec

from zepix_core import errors
from zepix_core.errors import PluginError, WireError, ZepixError
from zepix_core.wire.codec import decode, encode
from zepix_core.wire.frames import HEADER, frame

log = logging.getLogger(__name__)

REQUEST, REPLY, FAILURE, NOTE = 0, 1, 2, 3
MAX_RUNNING = 1024
MESSAGE_LIMIT = 4096


class ChannelClosed(WireError):
    """The other side is gone.

    Attributes:
        sent: False: the request certainly never left. True: it may have arrived and been carried out.
    """

    def __init__(self, message: str, hint: str = "", *, sent: bool = True) -> None:
        super().__init__(message, hint)
        self.sent = sent


class RemoteError(WireError):
    """A handler on the other side failed with an exception that is not one of ours.

    Attributes:
        kind: Its class name there, such as ``ValueError``.
    """

    def __init__(self, message: str, hint: str = "", *, kind: str = "") -> None:
        super().__init__(message, hint)
        self.kind = kind


@attrs.frozen
class Handler:
    """What serves one name.

    Attributes:
        kind: Type of the payload.
        function: Takes the payload. For requests sync or async, its result is the reply; for notifications
            a plain function, called in order of arrival.
    """

    kind: Any
    function: Callable[[Any], Any]


class _Envelope(msgspec.Struct, array_like=True, frozen=True):
    kind: int
    id: int
    name: str
    payload: msgspec.Raw


class _Failure(msgspec.Struct, frozen=True):
    kinds: list[str]
    message: str
    hint: str
    code: str = ""


async def _no_drain() -> None:
    """A transport without a limit never makes its writer wait."""


class Channel:
    """One side of a process border.

    Attributes:
        handlers: What this side serves, by name; may be set after construction.
        closed: Set once nothing more can be sent or received.
        reason: Why it closed, ``""`` while open.
    """

    def __init__(
        self,
        write: Callable[[bytes], None],
        handlers: Mapping[str, Handler] | None = None,
        *,
        drain: Callable[[], Awaitable[None]] = _no_drain,
        peer: str = "the other side",
    ) -> None:
        self.handlers: Mapping[str, Handler] = handlers or {}
        self.closed = asyncio.Event()
        self.reason = ""
        self._write = write
        self._drain = drain
        self._peer = peer
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[msgspec.Raw]] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def request(
        self, name: str, payload: Any, reply_kind: Any = None, timeout: float | None = None
    ) -> Any:
        """Ask the other side and return its answer as ``reply_kind`` (``None``: no value is expected).

        Args:
            timeout: Seconds for the whole exchange, ``None`` for as long as the channel lives.

        Raises:
            ChannelClosed: The other side went away; ``sent`` tells whether it may have acted.
            TimeoutError: No answer in time. The request may still be carried out.
            ZepixError: The handler there raised it: same class, message, hint and code.
            RemoteError: The handler there raised anything else.
            WireError: Something cannot cross, or the answer is of another kind.
        """
        if self.closed.is_set():
            raise ChannelClosed(f"{self._peer} is gone: {self.reason}", sent=False)
        number = next(self._ids)
        waiter: asyncio.Future[msgspec.Raw] = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiter
        try:
            async with asyncio.timeout(timeout):
                self._send(REQUEST, number, name, encode(payload))
                await self._drain()
                raw = await waiter
        except TimeoutError:
            raise TimeoutError(f"{self._peer} did not answer {name} within {timeout:g} s") from None
        finally:
            self._waiting.pop(number, None)
            if not waiter.cancel() and not waiter.cancelled():
                waiter.exception()
        return decode(raw, reply_kind)

    def notify(self, name: str, payload: Any) -> None:
        """Tell the other side without waiting; order is kept.

        Raises:
            ChannelClosed: The other side is gone.
            WireError: The payload cannot cross.
        """
        if self.closed.is_set():
            raise ChannelClosed(f"{self._peer} is gone: {self.reason}", sent=False)
        self._send(NOTE, 0, name, encode(payload))

    async def drain(self) -> None:
        """Wait until the transport takes more; for those who notify a lot."""
        await self._drain()

    def receive(self, body: bytes) -> None:
        """Take one message from the stream; a malformed one closes the channel."""
        if self.closed.is_set():
            return
        try:
            envelope: _Envelope = decode(body, _Envelope)
            match envelope.kind:
                case 0:
                    self._serve(envelope)
                case 1 | 2:
                    self._settle(envelope)
                case 3:
                    self._hear(envelope)
                case _:
                    raise WireError(f"{self._peer} sent a message of the unknown kind {envelope.kind}.")
        except ChannelClosed:
            return
        except WireError as error:
            self.close(str(error))

    def close(self, reason: str) -> None:
        """End the channel: pending requests fail with `ChannelClosed`. Handlers that run finish their work,
        because half an order is worse than an answer nobody reads."""
        if self.closed.is_set():
            return
        self.reason = reason
        self.closed.set()
        waiting, self._waiting = self._waiting, {}
        for waiter in waiting.values():
            if not waiter.done():
                waiter.set_exception(ChannelClosed(f"{self._peer} is gone: {reason}"))

    def _send(self, kind: int, number: int, name: str, payload: bytes) -> None:
        data = frame(encode(_Envelope(kind, number, name, msgspec.Raw(payload))))
        try:
            self._write(data)
        except OSError as error:
            self.close(f"writing failed: {error}")
            raise ChannelClosed(f"{self._peer} is gone: {error}") from error

    def _settle(self, envelope: _Envelope) -> None:
        waiter = self._waiting.get(envelope.id)
        if waiter is None or waiter.done():
            return
        if envelope.kind == REPLY:
            waiter.set_result(envelope.payload)
        else:
            waiter.set_exception(_revive(decode(envelope.payload, _Failure)))

    def _hear(self, envelope: _Envelope) -> None:
        handler = self.handlers.get(envelope.name)
        if handler is None:
            log.warning("nobody listens to %s from %s", envelope.name, self._peer)
            return
        try:
            outcome = handler.function(decode(envelope.payload, handler.kind))
        except Exception:
            log.exception("the notification %s from %s could not be handled", envelope.name, self._peer)
            return
        if inspect.iscoroutine(outcome):
            outcome.close()
            log.error(
                "the listener to %s is asynchronous; notifications need a plain function", envelope.name
            )

    def _serve(self, envelope: _Envelope) -> None:
        try:
            handler = self.handlers.get(envelope.name)
            if handler is None:
                raise WireError(f"nobody here serves {envelope.name}.", "Are both sides of the same version?")
            if len(self._running) >= MAX_RUNNING:
                raise WireError(
                    f"{MAX_RUNNING} requests are running already.", "Await answers before asking more."
                )
            outcome = handler.function(decode(envelope.payload, handler.kind))
        except BaseException as error:
            self._refuse(envelope, error)
            return
        if inspect.isawaitable(outcome):
            task = asyncio.get_running_loop().create_task(self._answer(envelope, outcome), name=envelope.name)
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        else:
            self._reply(envelope, outcome)

    async def _answer(self, envelope: _Envelope, outcome: Awaitable[Any]) -> None:
        try:
            value = await outcome
        except asyncio.CancelledError as error:
            self._refuse(envelope, error)
            raise
        except BaseException as error:
            self._refuse(envelope, error)
            return
        self._reply(envelope, value)
        await self._drain()

    def _reply(self, envelope: _Envelope, value: Any) -> None:
        if self.closed.is_set():
            return
        try:
            self._send(REPLY, envelope.id, envelope.name, encode(value))
        except ChannelClosed:
            return
        except WireError as error:
            self._refuse(envelope, error)

    def _refuse(self, envelope: _Envelope, error: BaseException) -> None:
        if not isinstance(error, ZepixError | asyncio.CancelledError):
            log.error("%s failed", envelope.name, exc_info=error)
        if self.closed.is_set():
            return
        try:
            self._send(FAILURE, envelope.id, envelope.name, encode(_describe(error)))
        except ChannelClosed:
            return


def _text(value: object) -> str:
    try:
        text = str(value)
    except Exception:
        text = f"(a {type(value).__name__} that cannot be shown)"
    return text.encode("utf-8", "replace").decode()[:MESSAGE_LIMIT]


def _describe(error: BaseException) -> _Failure:
    kinds = [kind.__name__ for kind in type(error).__mro__ if issubclass(kind, BaseException)]
    if isinstance(error, ZepixError):
        code = error.code if isinstance(error, PluginError) else ""
        return _Failure(kinds, _text(error.message), _text(error.hint), _text(code))
    return _Failure(kinds, _text(error) or kinds[0], "")


def _revive(failure: _Failure) -> ZepixError:
    """The error as its nearest class that both sides know."""
    for name in failure.kinds if "ZepixError" in failure.kinds else ():
        kind = getattr(errors, name, None)
        if isinstance(kind, type) and issubclass(kind, PluginError):
            return kind(failure.message, failure.hint, code=failure.code)
        if isinstance(kind, type) and issubclass(kind, ZepixError):
            return kind(failure.message, failure.hint)
    kind_name = failure.kinds[0] if failure.kinds else "error"
    return RemoteError(f"{kind_name}: {failure.message}", failure.hint, kind=kind_name)


def pair(
    left: Mapping[str, Handler] | None = None, right: Mapping[str, Handler] | None = None
) -> tuple[Channel, Channel]:
    """Two channels joined in one process; messages pass the codec and arrive in a later turn of the loop."""
    loop = asyncio.get_running_loop()
    ends: list[Channel] = []

    def to(index: int) -> Callable[[bytes], None]:
        def write(data: bytes) -> None:
            loop.call_soon(ends[index].receive, data[HEADER:])

        return write

    ends.append(Channel(to(1), left, peer="the right side"))
    ends.append(Channel(to(0), right, peer="the left side"))
    return ends[0], ends[1]
