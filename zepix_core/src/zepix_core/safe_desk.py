"""What faces ask of a host in safe mode: how it stands, and what a person closes at the broker by hand."""

import asyncio
import logging
import os
from collections.abc import Sequence
from typing import NoReturn

import attrs

import zepix_core
from zepix_core.broker.port import Broker
from zepix_core.clock import Clock
from zepix_core.config.home import Home
from zepix_core.config.settings import HostSettings
from zepix_core.errors import BrokerOffline, DatabaseDamaged, OutcomeUnknown, UsageError, ZepixError
from zepix_core.front_desk import Listening
from zepix_core.inbox.port import Route
from zepix_core.inbox.store import InboxStore
from zepix_core.journal.control import LEVELS
from zepix_core.journal.intents import intent_id, ours
from zepix_core.journal.line import UNRESOLVED
from zepix_core.journal.retcodes import ReplyClass, classify
from zepix_core.journal.storage_guard import StorageGuard
from zepix_core.model.alert import Alert
from zepix_core.model.channel import ChannelRow
from zepix_core.model.decision import Decision
from zepix_core.model.host import HostState, PluginRow
from zepix_core.model.order import Action, Book, CloseResult, OrderRequest, Position
from zepix_core.model.report import Report
from zepix_core.plugins.implementation import HookMetrics
from zepix_core.storage.executor import Executor

log = logging.getLogger(__name__)
REASON = "Emergency"
COMMENT = "by hand"


class SafeMode(ZepixError):
    """The host is in safe mode; what was asked needs the journal."""

    exit_code = 1


class NoPlugins:
    """In safe mode none runs."""

    def routes(self, kind: str, timeframe: str | None) -> tuple[Route, ...]:
        """None."""
        return ()

    def absent(self, kind: str, timeframe: str | None) -> tuple[str, ...]:
        """None."""
        return ()

    def heads(self) -> frozenset[str]:
        """None."""
        return frozenset()

    async def deliver(self, plugin: str, alert: Alert) -> Decision:
        """Never asked for: nothing is routed."""
        raise SafeMode(f"{plugin} does not run in safe mode.")


class SafeDesk:
    """The part of `zepix_core.web.view.HostView` that needs no journal; the rest says that it cannot be done.

    Attributes:
        link: The broker can be reached.
    """

    def __init__(
        self,
        home: Home,
        settings: HostSettings,
        clock: Clock,
        boot: str,
        damage: DatabaseDamaged,
        *,
        journal: Executor,
        broker: Broker,
        faces: Sequence[Listening],
    ) -> None:
        self.home, self.settings, self.clock, self.boot = home, settings, clock, boot
        self.journal, self.broker = journal, broker
        self.guard = StorageGuard(journal, clock)
        self.guard.note_journal(damage)
        self.store = InboxStore(journal, clock, settings.inbox, NoPlugins(), guard=self.guard)
        self.link = False
        self._damage, self._faces = damage, faces
        self._started_ns, self._started = clock.now_ns(), clock.monotonic()
        self._turn = asyncio.Lock()

    def __getattr__(self, name: str) -> NoReturn:
        """Whatever else a host is asked."""
        if name.startswith("_"):
            raise AttributeError(name)
        raise SafeMode(f"The host is in safe mode. {self._damage.message}", self._damage.hint)

    def state(self) -> HostState:
        """How the host stands: not ready, and why."""
        ports = {face.name: face.port for face in self._faces if face.port is not None}
        return HostState(
            version=zepix_core.__version__,
            pid=os.getpid(),
            ready=False,
            reason="safe mode",
            started_ns=self._started_ns,
            uptime_seconds=self.clock.monotonic() - self._started,
            broker=self.settings.broker,
            broker_connected=self.link,
            webhook_port=ports.get("webhook", 0),
            api_port=ports.get("api", 0),
            profile=self.settings.profile,
            storage=self._damage.message,
            storage_since_ns=self._started_ns,
            storage_faults=self.guard.faults,
            boot=self.boot,
        )

    def plugin_rows(self) -> tuple[PluginRow, ...]:
        """None runs."""
        return ()

    def reports(self) -> tuple[Report, ...]:
        """Nobody reports."""
        return ()

    def hook_metrics(self) -> tuple[HookMetrics, ...]:
        """None was called."""
        return ()

    def channels(self) -> tuple[ChannelRow, ...]:
        """The outbox is part of the journal: what is told now goes straight out."""
        return ()

    def heads(self) -> frozenset[str]:
        """No plugin takes pipe text."""
        return frozenset()

    def note_command(self, command: object) -> None:
        """What a person asks for stands in the log alone."""
        log.warning("asked for in safe mode: %s", command)

    def alert_stored(self) -> None:
        """Never: none is stored."""

    async def close_position(self, ticket: int, actor: str) -> CloseResult:
        """Close one position of ours fully at the broker. It is in the log alone; its deal is booked once a
        journal is back."""
        found = next((p for p in await self._ours() if p.ticket == ticket), None)
        if found is None:
            return _refused(ticket, "NO_SUCH_POSITION", "there is no such position of ours")
        return await self._close(found, actor)

    async def panic(self, level: str, actor: str) -> tuple[CloseResult, ...]:
        """Entries are stopped anyway; ``flatten`` and ``lock`` close every position of ours, once each.

        Raises:
            UsageError: There is no such level.
            BrokerOffline: The positions cannot be read.
        """
        if level not in LEVELS:
            raise UsageError(f"There is no panic level {level!r}.", f"Levels: {', '.join(LEVELS)}.")
        if level == LEVELS[0]:
            return ()
        return tuple([await self._close(position, actor) for position in await self._ours()])

    async def _ours(self) -> tuple[Position, ...]:
        """Positions with our magic, both books, as the broker says."""
        shown = [p for book in Book for p in await self.broker.positions(book)]
        return tuple(p for p in shown if ours(p.magic, self.settings.host_id))

    async def _close(self, position: Position, actor: str) -> CloseResult:
        """A close that the broker may have executed without an answer is not sent again here: the next
        `_ours` shows whether the position is gone."""
        async with self._turn:
            request = self._request(position, actor)
            log.critical("%s closes position %s in safe mode", actor, position.ticket)
            try:
                reply = await self.broker.submit(request)
            except (BrokerOffline, OutcomeUnknown) as error:
                code = "BROKER_OFFLINE" if isinstance(error, BrokerOffline) else UNRESOLVED
                log.error("position %s: %s", position.ticket, error)
                return _refused(position.ticket, code, error.message)
            log.critical("position %s: %s", position.ticket, attrs.asdict(reply))
            if classify(reply.retcode, Action.CLOSE) is not ReplyClass.DONE:
                return _refused(position.ticket, "BROKER_REJECT", f"{reply.retcode} {reply.comment}".strip())
            return CloseResult(
                success=True,
                order_id=position.ticket,
                closed_volume=reply.volume,
                remaining_volume=max(0.0, round(position.volume - reply.volume, 8)),
                reason=REASON,
            )

    def _request(self, position: Position, actor: str) -> OrderRequest:
        key = f"safe:{actor}:{position.ticket}:{self.clock.now_ns()}"
        return OrderRequest(
            intent_id=intent_id(key, "core", "", Action.CLOSE),
            action=Action.CLOSE,
            symbol=position.symbol,
            side=position.side.opposite,
            lots=position.volume,
            price=position.price_current,
            sl=0.0,
            tp=0.0,
            position=position.ticket,
            magic=position.magic,
            comment=COMMENT,
            book=position.book,
        )


def _refused(ticket: int, code: str, message: str) -> CloseResult:
    return CloseResult(success=False, order_id=ticket, reason=REASON, code=code, message=message)
