"""The webhook listener as a face of the host."""

from collections.abc import Mapping
from typing import Protocol

from zepix_core.clock import Clock
from zepix_core.config.secrets import Secret
from zepix_core.config.webhook import WebhookSettings
from zepix_core.inbox.store import InboxStore
from zepix_core.model.host import boot_mark
from zepix_core.web.view import HostView
from zepix_core.web.webhook import WebhookListener


class AlertTaker(HostView, Protocol):
    """A host that takes alerts."""

    @property
    def boot(self) -> str:
        """Name of this run."""

    @property
    def store(self) -> InboxStore:
        """Where alerts are committed."""

    def alert_stored(self) -> None:
        """An alert was committed; never blocks."""

    def heads(self) -> frozenset[str]:
        """Heads of pipe text that some plugin takes now."""


class WebhookFace:
    """Listens for alerts; answers 503 until the host is ready.

    Args:
        tokens: Token id to token.
    """

    name = "webhook"

    def __init__(self, settings: WebhookSettings, tokens: Mapping[str, Secret]) -> None:
        self._settings, self._tokens = settings, tokens
        self.listener: WebhookListener | None = None

    @property
    def port(self) -> int | None:
        """The port listened on, ``None`` before the start."""
        return None if self.listener is None else self.listener.port

    @property
    def alive(self) -> bool:
        """False when it has ended by itself: a host that hears no alert must not look well."""
        return self.listener is None or self.listener.listens

    async def start(self, host: AlertTaker) -> None:
        """Listen.

        Raises:
            SettingsError: The address cannot be used.
        """
        clock: Clock = host.clock
        listener = WebhookListener(
            store=host.store,
            on_stored=host.alert_stored,
            heads=host.heads,
            tokens={token_id: token.reveal() for token_id, token in self._tokens.items()},
            settings=self._settings,
            clock=clock,
            mark=boot_mark(host.boot),
        )
        await listener.start()
        self.listener = listener

    def announce(self, ready: bool) -> None:
        """Take alerts, or answer 503."""
        if self.listener is not None:
            self.listener.ready = ready

    async def stop(self) -> None:
        """Answer what was stored, then close."""
        if self.listener is not None:
            await self.listener.stop()
