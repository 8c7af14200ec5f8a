"""One HTTP request to an outgoing webhook: in a thread of its own, with an end, telling no secrets.

Redirects are not followed: they could carry a notice, and the address with its secret, to anybody.
"""

import asyncio
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime

import attrs

from zepix_core.clock import NS, nanoseconds
from zepix_core.config.notify import LEAST_SECRET, Endpoint
from zepix_core.config.secrets import MASK

SECONDS = 10.0
REACH_SECONDS = 5.0
MOST_BYTES = 65_536
LONGEST_WAIT = 86_400.0
SAID_LENGTH = 160
AGENT = "zepix"


class NotDelivered(Exception):
    """No answer came, or none that can be read. The request may have arrived all the same."""


@attrs.frozen(kw_only=True)
class Reply:
    """An answer.

    Attributes:
        retry_after: Seconds it asks to wait, ``None`` when it does not.
        said: The beginning of its body, on one line.
    """

    status: int
    retry_after: float | None = None
    said: str = ""


class Poster:
    """Posts to one address, one request at a time.

    Args:
        seconds: How long one request may take, everything included.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        headers: Mapping[str, str],
        now_ns: Callable[[], int],
        seconds: float = SECONDS,
    ) -> None:
        self._endpoint, self._headers = endpoint, dict(headers)
        self._now_ns, self._seconds = now_ns, seconds
        self._over: asyncio.Future[Reply | NotDelivered] | None = None
        self._context: ssl.SSLContext | None = None

    async def post(self, body: bytes, key: str) -> Reply:
        """Send a JSON body and return the answer.

        Raises:
            NotDelivered: There was none in time, the certificate is not valid, or it is no HTTP.
        """
        line = _Line(self._endpoint, self._seconds)
        try:
            async with asyncio.timeout(self._seconds):
                if self._over is not None:
                    # What cannot be ended, such as asking for a name, is not begun again beside itself.
                    await asyncio.shield(self._over)
                self._over = self._begin(line, body, key)
                outcome = await asyncio.shield(self._over)
        except TimeoutError:
            raise NotDelivered(f"no whole answer within {self._seconds:g} s") from None
        finally:
            line.cut()
        if isinstance(outcome, NotDelivered):
            raise outcome
        return outcome

    def _begin(self, line: "_Line", body: bytes, key: str) -> "asyncio.Future[Reply | NotDelivered]":
        loop = asyncio.get_running_loop()
        over: asyncio.Future[Reply | NotDelivered] = loop.create_future()

        def work() -> None:
            try:
                outcome: Reply | NotDelivered = self._exchange(line, body, key)
            except Exception as error:
                outcome = NotDelivered(self.hide(why(error, self._endpoint)))
            with suppress(RuntimeError):  # the loop is gone, and with it who would hear of it
                loop.call_soon_threadsafe(over.set_result, outcome)

        threading.Thread(target=work, name="notify", daemon=True).start()
        return over

    def hide(self, text: str) -> str:
        """The text without the secret parts of address and headers, on one line."""
        for secret in (*self._endpoint.secrets, *self._headers.values()):
            text = text.replace(secret, MASK) if len(secret) >= LEAST_SECRET else text
        return "".join(sign if sign.isprintable() else " " for sign in text)

    def _exchange(self, line: "_Line", body: bytes, key: str) -> Reply:
        headers = {
            "Content-Type": "application/json", "User-Agent": AGENT, "Idempotency-Key": key, **self._headers,
            "Host": self._endpoint.authority, "Connection": "close",
        }  # fmt: skip
        try:
            connection = line.open(self._trusted)
            with suppress(BrokenPipeError, ConnectionResetError):
                # Who refuses at once need not read to the end; what it answers counts.
                connection.request("POST", self._endpoint.path, body, headers)
            answer = connection.getresponse()
            said = b""
            with suppress(OSError, http.client.HTTPException, ValueError):
                said = answer.read(MOST_BYTES)
            text = " ".join(said[: 4 * SAID_LENGTH].decode("utf-8", "replace").split())
            return Reply(
                status=answer.status,
                retry_after=retry_after(answer.getheader("Retry-After"), said, self._now_ns()),
                said=self.hide(text)[:SAID_LENGTH],
            )
        finally:
            line.close()

    def _trusted(self) -> ssl.SSLContext:
        """Made once, and not before it is needed: reading all authorities takes a while."""
        if self._context is None:
            self._context = ssl.create_default_context()
        return self._context


def reach(endpoint: Endpoint, seconds: float = REACH_SECONDS) -> str:
    """Why an address cannot be reached now, ``""`` when it can: connected, and the certificate checked.

    Nothing is sent to it.
    """
    line = _Line(endpoint, seconds)
    try:
        line.open(ssl.create_default_context)
    except (OSError, ValueError) as error:
        return why(error, endpoint)
    finally:
        line.close()
    return ""


class _Line:
    """A connection that another thread can cut off at any moment."""

    def __init__(self, endpoint: Endpoint, seconds: float) -> None:
        self._endpoint, self._seconds = endpoint, seconds
        self._socket: socket.socket | None = None
        self._cut = False

    def open(self, context: Callable[[], ssl.SSLContext]) -> http.client.HTTPConnection:
        """A connected connection; ``context`` is what a certificate is checked against."""
        host, port = self._endpoint.host, self._endpoint.port
        self._socket = socket.create_connection((host, port), timeout=self._seconds)
        if self._endpoint.encrypted:
            self._socket = context().wrap_socket(
                self._socket, server_hostname=host, do_handshake_on_connect=False
            )
        if self._cut:
            self._socket.close()
            raise TimeoutError
        if isinstance(self._socket, ssl.SSLSocket):
            self._socket.do_handshake()
        made = http.client.HTTPConnection(host, port)
        made.sock = self._socket
        return made

    def cut(self) -> None:
        """Let nothing more come or go; the thread that waits for it ends."""
        self._cut = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the socket back."""
        if self._socket is not None:
            self._socket.close()


def retry_after(header: str | None, said: bytes, now_ns: int) -> float | None:
    """Seconds an answer asks to wait: its header as seconds or a date, or ``retry_after`` of a JSON body.

    The longer one counts, and no more than a day.
    """
    asked = [seconds for seconds in (_of_header(header, now_ns), _of_body(said)) if seconds is not None]
    return min(LONGEST_WAIT, max(asked)) if asked else None


def _of_header(header: str | None, now_ns: int) -> float | None:
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = (nanoseconds(parsedate_to_datetime(header)) - now_ns) / NS
        except (ValueError, TypeError):
            return None
    return seconds if 0 <= seconds < float("inf") else None


def _of_body(said: bytes) -> float | None:
    try:
        told = json.loads(said)
    except (ValueError, RecursionError):
        return None
    asked = told.get("retry_after") if isinstance(told, dict) else None
    if isinstance(asked, bool) or not isinstance(asked, int | float):
        return None
    return float(asked) if 0 <= asked < 1e9 else None


def why(error: Exception, endpoint: Endpoint) -> str:
    """What kept a request from being answered, in words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate of {endpoint.host} is not valid: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        reason = getattr(error, "reason", None) or "the handshake failed"
        return f"no TLS with {endpoint.host}: {str(reason).lower()}"
    if isinstance(error, socket.gaierror):
        return f"the name {endpoint.host} is not known: {error.strerror}"
    if isinstance(error, TimeoutError):
        return f"{endpoint.host} does not answer in time"
    if isinstance(error, http.client.RemoteDisconnected):
        return f"{endpoint.host} ended the connection without an answer"
    if isinstance(error, OSError):
        return f"{endpoint.host} cannot be reached: {error.strerror or type(error).__name__}"
    if isinstance(error, http.client.HTTPException):
        return f"{endpoint.host} does not speak HTTP: {type(error).__name__}"
    return f"{endpoint.host}: {type(error).__name__}"
