"""The one door to the internet: ``POST /webhook/{token}`` and ``GET /health``, nothing else.

An alert is judged, committed and answered; no plugin and no broker is asked while the sender waits.
"""

import asyncio
import hmac
import logging
from collections.abc import Callable, Coroutine, Mapping
from email.utils import formatdate
from functools import partial
from typing import Any

from zepix_core.clock import NS, Clock
from zepix_core.config.webhook import WebhookSettings
from zepix_core.errors import SettingsError
from zepix_core.inbox.admission import Refusal, Screened
from zepix_core.inbox.store import InboxStore, Taken
from zepix_core.model.notice import Notice
from zepix_core.web.limits import Door, WrongTokens
from zepix_core.web.sources import DailyNotice, Sources, Verdict
from zepix_core.web.webhook_connection import WebhookConnection

log = logging.getLogger(__name__)
BACKLOG = 512
CLOSE_SECONDS = 5.0


class WebhookListener:
    """Listens for alerts.

    Args:
        store: Takes the alerts.
        on_stored: Called after each commit; must not block.
        heads: Heads of pipe text that some plugin takes now.
        tokens: Token id to secret; several may be valid at once.
        mark: What ``/health`` shows of this run of the host.

    Attributes:
        sources: Who may send alerts, ``None`` when everybody may.
        refused: Requests for alerts that these rules refused.
        ready: Alerts can be taken; until the host says so they are answered 503, and so is ``/health``.
    """

    def __init__(
        self,
        store: InboxStore,
        on_stored: Callable[[], None],
        heads: Callable[[], frozenset[str]],
        tokens: Mapping[str, str],
        settings: WebhookSettings,
        clock: Clock,
        mark: str = "",
    ) -> None:
        self.ready = False
        self.mark = mark
        self.store = store
        self.on_stored = on_stored
        self.heads = heads
        self.settings = settings
        self.door = Door(settings.max_connections, settings.max_connections_per_source)
        self.wrong_tokens = WrongTokens(clock, settings.wrong_tokens_per_minute)
        self.sources = Sources.of(settings)
        self.refused = 0
        self._daily = DailyNotice(clock)
        self.connections: set[WebhookConnection] = set()
        self.stopping = False
        self._clock = clock
        self._tokens: tuple[tuple[str, bytes], ...] = ()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._storing = 0
        self._all_stored = asyncio.Event()
        self._all_stored.set()
        self._date = (0, b"")
        self.set_tokens(tokens)

    def set_tokens(self, tokens: Mapping[str, str]) -> None:
        """Replace the valid tokens; connections that are open use the new ones at their next request."""
        self._tokens = tuple((token_id, secret.encode()) for token_id, secret in tokens.items() if secret)

    def change_settings(self, settings: WebhookSettings) -> None:
        """Use other limits from now on; host and port stay as they are."""
        self.settings = settings
        self.door.most = settings.max_connections
        self.door.per_source = settings.max_connections_per_source
        self.wrong_tokens.per_minute = settings.wrong_tokens_per_minute
        self.sources = Sources.of(settings)

    async def start(self) -> None:
        """Listen.

        Raises:
            SettingsError: The address cannot be used.
        """
        host, port = self.settings.host, self.settings.port
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: WebhookConnection(self), host, port, backlog=BACKLOG
            )
        except OSError as error:
            raise SettingsError(
                f"The webhook cannot listen on {host} port {port}: {error.strerror or error}.",
                "Stop the program that uses it, or choose another: webhook.port, or `zepix run --port N`.",
            ) from error

    @property
    def listens(self) -> bool:
        """Callers are let in, or the end is wanted."""
        return self.stopping or (self._server is not None and self._server.is_serving())

    @property
    def port(self) -> int:
        """The port it listens on.

        Raises:
            RuntimeError: It does not listen.
        """
        if self._server is None or not self._server.sockets:
            raise RuntimeError("the webhook does not listen")
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Answer what was stored, close every connection and the port."""
        self.ready, self.stopping = False, True
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.leave_if_idle()
        # While one kind is waited for, the other may begin anew: bodies still arrive.
        while self._tasks or self._storing:
            await self._all_stored.wait()
            if self._tasks:
                await asyncio.wait(list(self._tasks))
        for connection in list(self.connections):
            connection.close()
        if self._server is not None:
            await self._see_closed(self._server)

    async def _see_closed(self, server: asyncio.Server) -> None:
        """Since Python 3.12 this waits for every connection, and a caller may keep one open."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await server.wait_closed()
        except TimeoutError:
            log.warning("a connection did not close within %g s", CLOSE_SECONDS)

    def token_id(self, given: bytes) -> str | None:
        """Which token this is; every one is compared, each in constant time."""
        found = None
        for token_id, secret in self._tokens:
            if hmac.compare_digest(given, secret):
                found = token_id
        return found

    def date(self) -> bytes:
        """The ``Date`` header, made once a second."""
        second = self._clock.now_ns() // NS
        if second != self._date[0]:
            self._date = (second, formatdate(second, usegmt=True).encode())
        return self._date[1]

    def work(self, work: Coroutine[Any, Any, None]) -> None:
        """Run work that `stop` waits for."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def take(self, token_id: str, screened: Screened, then: Callable[[Taken | BaseException], None]) -> None:
        """Store an alert and tell what became of it; `stop` waits for that.

        Raises:
            StorageError: Not stored.
        """
        self.store.submit(token_id, screened, partial(self._taken, then))
        self._storing += 1
        self._all_stored.clear()

    def _taken(self, then: Callable[[Taken | BaseException], None], outcome: Taken | BaseException) -> None:
        self._storing -= 1
        if not self._storing:
            self._all_stored.set()
        then(outcome)

    def refuse_caller(self, verdict: Verdict, *, known: bool) -> None:
        """Count a caller that the rules refused; people hear of one that had a right token, once a day."""
        self.refused += 1
        if known and (notice := self._daily.of(verdict, self.refused)) is not None:
            log.warning("%s", notice.text)
            self.work(self._tell(notice))

    async def _tell(self, notice: Notice) -> None:
        try:
            await self.store.tell(notice)
        except Exception:
            log.exception("a notice could not be written down: %s", notice.text)

    async def note_refusal(self, token_id: str, refusal: Refusal, size: int) -> None:
        """Write down a refused body; the answer does not wait for it."""
        try:
            await self.store.note_refusal(token_id, refusal, size)
        except Exception:
            log.exception("a refused alert could not be written down")
