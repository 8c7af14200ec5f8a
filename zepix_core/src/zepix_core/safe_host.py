"""Safe mode: what runs when the journal cannot be used. Nothing opens, no alert is taken; people are told,
see how it stands, and can close positions at the broker."""

import logging
import secrets
from collections.abc import Sequence

from zepix_core.broker.choice import choose_broker
from zepix_core.broker.port import Broker
from zepix_core.clock import Clock, SystemClock
from zepix_core.config.home import Home
from zepix_core.config.settings import HostSettings
from zepix_core.errors import DatabaseDamaged, ZepixError
from zepix_core.host import FACE_SECONDS, GATEWAY_SECONDS, Face
from zepix_core.lifeline import Lifeline
from zepix_core.model.notice import Notice, Priority
from zepix_core.notify.messenger import channels_of
from zepix_core.notify.urgent import Urgent
from zepix_core.ports_file import remove_ports, write_ports
from zepix_core.safe_desk import SafeDesk
from zepix_core.storage.sealed import Sealed
from zepix_core.watchdog import Watchdog

log = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
BROKER_PAUSE = 5.0
TELL_AGAIN_SECONDS = 3600.0


class SafeHost:
    """A home whose journal is damaged or gone; it stays as it is.

    Args:
        damage: What is wrong with it and what to do.
        broker: Another adapter of the broker port, for tests.
    """

    def __init__(
        self,
        home: Home,
        settings: HostSettings,
        damage: DatabaseDamaged,
        *,
        clock: Clock | None = None,
        faces: Sequence[Face] = (),
        broker: Broker | None = None,
    ) -> None:
        self._home, self._damage, self._faces = home, damage, tuple(faces)
        self._clock: Clock = clock or SystemClock()
        self.life = Lifeline()
        self._watchdog = Watchdog()
        self._urgent = Urgent(channels_of(settings.notify, self._clock), self._clock, self.life)
        self._broker: Broker = broker or choose_broker(
            settings.broker, home.data, settings.paper, settings.symbol_config, self._clock,
            mt5=settings.mt5, live=settings.live,
        )  # fmt: skip
        self.desk = SafeDesk(
            home, settings, self._clock, secrets.token_hex(8), damage,
            journal=Sealed(home.journal_db, damage), broker=self._broker, faces=self._faces,
        )  # fmt: skip

    async def run(self) -> int:
        """Serve until told to stop; the exit code."""
        self.life.catch_signals()
        try:
            await self.life.unless_told(self.start())
            self._watchdog.guard()
            await self.life.stopping.wait()
        finally:
            await self.stop()
        return self.life.exit_code

    async def start(self) -> None:
        """Listen: the webhook answers 503, the API answers what needs no journal.

        Raises:
            SettingsError: A port cannot be used.
        """
        log.critical("safe mode: %s", self._damage)
        for face in self._faces:
            await face.start(self.desk)
        write_ports(self._home, self._faces)
        self._broker.on_link(self._linked)
        self.life.vital(self._open_account(), "the broker")
        self.life.vital(self._beat(), "the sign of life")
        self.life.spawn(self._tell())
        for face in self._faces:
            face.announce(True)
        self._watchdog.ready("safe mode: the journal is damaged")

    async def stop(self) -> None:
        """Close the faces and let go of the account; positions stay with their stops."""
        self._watchdog.stopping()
        for face in reversed(self._faces):
            face.announce(False)
            await self.life.at_most(FACE_SECONDS, face.stop(), patient=True)
        await self.life.end_tasks()
        await self.life.at_most(GATEWAY_SECONDS, self._broker.stop(), patient=True)
        remove_ports(self._home)

    def _linked(self, up: bool) -> None:
        self.desk.link = up

    async def _open_account(self) -> None:
        """However often it takes: without the broker nobody closes anything."""
        while True:
            try:
                await self._broker.start()
            except ZepixError as error:
                log.error("the account cannot be opened: %s", error)
                await self._clock.sleep(BROKER_PAUSE)
            else:
                self.desk.link = True
                return

    async def _tell(self) -> None:
        """People hear of it at once, and again as long as it lasts."""
        text = f"Safe mode: no alert is taken and nothing opens. {self._damage}"
        notice = Notice(type="safe_mode", priority=Priority.CRITICAL, text=text)
        while True:
            self._urgent.tell(notice)
            await self._clock.sleep(TELL_AGAIN_SECONDS)

    async def _beat(self) -> None:
        """There is no inbox loop whose life could be shown."""
        while True:
            self._watchdog.beat()
            await self._clock.sleep(BEAT_SECONDS)
