"""A whole host in this process on virtual time: real webhook, real plugins, real books, no waiting.

async with PaperHost(only=("zepix-bracket",)) as paper:
    await paper.post('{"id": "1", "symbol": "EURUSD", "action": "buy", "lots": 0.1, "sl": 1.07}')
    await paper.settled()
    (position,) = await paper.positions()
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from packaging.utils import canonicalize_name

from zepix_core.broker.inline import InlineBroker
from zepix_core.broker.paper.broker import PaperBroker
from zepix_core.broker.paper.opening import engine_of, open_paper
from zepix_core.broker.port import MovingBroker
from zepix_core.clock import NS
from zepix_core.config.atomic import write_atomic
from zepix_core.config.files import load_settings, merged
from zepix_core.config.home import Home
from zepix_core.config.profiles import prepare
from zepix_core.config.render import render_plain
from zepix_core.config.secrets import WEBHOOK_TOKEN
from zepix_core.host import Face, Host
from zepix_core.journal.listing import (
    AlertRow,
    OrderRow,
    TradeRow,
    list_alerts,
    list_orders,
    list_trades,
)
from zepix_core.journal.story import Story, tell
from zepix_core.model.host import HostOptions
from zepix_core.model.order import Book, Deal, Position
from zepix_core.plugins.discovery import discover
from zepix_core.plugins.lockfile import LockEntry, write_lock
from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.process import Answer
from zepix_core.web.webhook_face import WebhookFace

STEP_SECONDS = 1.0
LONGEST_SETTLING = 300.0
LONGEST_STOP = 120.0
START_PATIENCE = 2.0
STOP_PATIENCE = 0.25
AFTER_WAKING = 20
TURNS = 2000
THREAD_PAUSE = 0.001
OPEN_ALERTS = ("new", "claimed")
OPEN_ORDERS = ("planned", "sending", "unknown")


class PaperHost:
    """A host with its plugins and the paper broker, inline; prices move only as time is advanced.

    Enter it again, or another one on the same home and clock, to see a restart.

    Args:
        home: Folder to live in; a temporary one when not given, gone after the last exit.
        only: Distributions whose plugins run, by name; all that are installed when empty.
        settings: Laid over the home's ``zepix.toml``, nested as there.
        plugin_settings: By plugin id: what its settings file is to hold.
        profile: Profile of a new home.
        faults: As in ``ZEPIX_PAPER_FAULTS``; a request that gets no answer fails at once here.
        clock: The clock; a new one at `zepix_core.testing.clock.START_NS` (a Monday) when not given.
        same_thread: Write databases on the loop's own thread, which is quick and always runs alike.
        paths: More folders with installed plugin distributions.
        faces: More faces, started after the webhook.
        around: Puts another broker around the paper broker: one that loses messages, say.
    """

    def __init__(
        self,
        home: Path | None = None,
        *,
        only: Sequence[str] = (),
        settings: Mapping[str, Any] | None = None,
        plugin_settings: Mapping[str, Mapping[str, Any]] | None = None,
        profile: str = "default",
        faults: str = "",
        clock: VirtualClock | None = None,
        same_thread: bool = True,
        paths: Sequence[str] = (),
        faces: Sequence[Face] = (),
        around: Callable[[MovingBroker], MovingBroker] | None = None,
    ) -> None:
        self.clock = clock or VirtualClock()
        self._folder = None if home else tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.home = Home(home or Path(self._folder.name if self._folder else "") / "home")
        self._only = {str(canonicalize_name(name)) for name in only}
        self._settings = dict(settings or {})
        self._plugin_settings = dict(plugin_settings or {})
        self._profile = profile
        self._faults = faults
        self._same_thread = same_thread
        self._paths = tuple(paths)
        self._faces = tuple(faces)
        self._around = around
        self._terminal: PaperBroker | None = None
        self._held = ExitStack()
        self._host: Host | None = None
        self._token = ""

    @property
    def host(self) -> Host:
        """The running host.

        Raises:
            RuntimeError: It does not run.
        """
        if self._host is None:
            raise RuntimeError("the host runs inside `async with` only")
        return self._host

    @property
    def terminal(self) -> PaperBroker:
        """The paper broker itself, as a person sits before it: ``by_hand_close``, ``by_hand_stops``,
        ``by_hand_open``, and ``observe`` to move a price.

        Raises:
            RuntimeError: The host does not run.
        """
        if self._terminal is None:
            raise RuntimeError("the broker runs inside `async with` only")
        return self._terminal

    @asynccontextmanager
    async def terminal_alone(self) -> AsyncIterator[PaperBroker]:
        """The same while the host does not run: the account goes on without it."""
        settings = load_settings(self.home, self._settings).settings
        paper = open_paper(
            self.home.data, settings.paper, settings.symbol_config, self.clock, same_thread=self._same_thread
        )
        await paper.start()
        try:
            yield engine_of(paper)
        finally:
            await paper.stop()

    async def __aenter__(self) -> "PaperHost":
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start the host and return once it takes alerts.

        Raises:
            SettingsError: The settings, the home or a plugin's file cannot be used.
        """
        prepare(self.home, self._profile)
        self._write_files()
        loaded = load_settings(self.home, merged(self._settings, {"webhook": {"port": 0}}))
        token = loaded.variables[WEBHOOK_TOKEN]
        self._token = token.reveal()
        self._held.enter_context(self.home.held())
        settings = loaded.settings
        paper = open_paper(
            self.home.data,
            settings.paper,
            settings.symbol_config,
            self.clock,
            faults=self._faults,
            same_thread=self._same_thread,
        )
        self._terminal = engine_of(paper)
        broker = self._around(paper) if self._around is not None else paper
        self._host = Host(
            self.home,
            settings,
            clock=self.clock,
            options=HostOptions(inline=True),
            faces=(WebhookFace(settings.webhook, {"main": token}), *self._faces),
            broker=InlineBroker(broker, self.clock, settings.paper.tick_interval_seconds),
            same_thread=self._same_thread,
            paths=self._paths,
        )
        try:
            await self._while_time_passes(self._host.start(), START_PATIENCE)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop the host in order; what waits for time gets it."""
        try:
            if self._host is not None:
                await self._while_time_passes(self._host.stop(), STOP_PATIENCE)
        finally:
            self._host = self._terminal = None
            self._held.close()

    async def post(self, body: str | bytes, *, token: str | None = None) -> Answer:
        """Send one alert to the webhook over a socket."""
        data = body.encode() if isinstance(body, str) else body
        head = (
            f"POST /webhook/{self._token if token is None else token} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n"
        )
        return await self.send(head.encode() + data)

    async def send(self, request: bytes) -> Answer:
        """Send the bytes of a whole HTTP request to the webhook."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.host.front.state().webhook_port)
        try:
            writer.write(request)
            await writer.drain()
            answer = await reader.read()
        finally:
            writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        try:
            told = json.loads(body)
        except ValueError:
            told = {}
        return Answer(int(head.split(b" ", 2)[1]), told if isinstance(told, dict) else {})

    async def settled(self, seconds: float = LONGEST_SETTLING) -> None:
        """Wait until every alert is finished, every order answered and every plugin told.

        What waits for time gets it, in steps of a second.

        Raises:
            TimeoutError: Something is still open after ``seconds`` of virtual time.
        """
        passed = 0.0
        while not (await self._at_rest() and not await self._open_ends()):
            if passed >= seconds:
                raise TimeoutError(f"not settled: {await self._open_ends()}")
            self.clock.advance(STEP_SECONDS)
            passed += STEP_SECONDS

    async def advance(self, seconds: float, step: float = STEP_SECONDS) -> None:
        """Let ``seconds`` pass, ``step`` at a time; all that happens in each step has happened after it.

        Prices move at most once a step, so long spans may take long steps.
        """
        left = seconds
        while left > 0:
            span = min(step, left)
            left = round(left - span, 9)
            self.clock.advance(span)
            await self._at_rest()

    async def advance_to(self, now_ns: int, step: float = STEP_SECONDS) -> None:
        """Let time pass until that moment, UTC nanoseconds; nothing when it is past."""
        await self.advance((now_ns - self.clock.now_ns()) / NS, step)

    async def alerts(self) -> tuple[AlertRow, ...]:
        """Every alert, oldest first."""
        return await self.host.journal.read(list_alerts)

    async def orders(self) -> tuple[OrderRow, ...]:
        """Every order the journal knows, oldest first."""
        return await self.host.journal.read(list_orders)

    async def trades(self) -> tuple[TradeRow, ...]:
        """Every position the journal knows, from its entry to its end, oldest first."""
        return await self.host.journal.read(list_trades)

    async def story(self, alert: int | str) -> Story:
        """The story of one alert, by its id, its own id or its key.

        Raises:
            KeyError: There is no such alert.
        """
        story = await self.host.journal.read(partial(tell, name=str(alert)))
        if story is None:
            raise KeyError(alert)
        return story

    async def positions(self, book: Book = Book.LIVE) -> tuple[Position, ...]:
        """Open positions as the broker has them."""
        return await self.host.broker.positions(book)

    async def deals(self, book: Book = Book.LIVE) -> tuple[Deal, ...]:
        """Every deal as the broker has it."""
        return await self.host.broker.deals(book=book)

    def _write_files(self) -> None:
        if self._only and not self.home.lock_file.exists():
            found = discover([*self._paths, *sys.path])
            missing = self._only - {distribution.name for distribution in found}
            if missing:
                raise ValueError(f"not installed: {', '.join(sorted(missing))}")
            entries = [
                LockEntry(name=d.name, version=d.version, sha256=d.sha256, enabled=d.name in self._only)
                for d in found
            ]
            write_lock(self.home.lock_file, {entry.name: entry for entry in entries})
        for plugin, values in self._plugin_settings.items():
            text = render_plain({"plugin_id": plugin, **values})
            write_atomic(self.home.plugins / f"{plugin}.toml", text)

    async def _at_rest(self) -> bool:
        """Let the loop run; ``True`` once nothing is under way, ``False`` when what is waits for time."""
        for _ in range(AFTER_WAKING):
            await asyncio.sleep(0)
        rest = asyncio.ensure_future(self._rest())
        for _ in range(TURNS):
            if rest.done():
                return True
            await asyncio.sleep(0 if self._same_thread else THREAD_PAUSE)
        rest.cancel()
        return False

    async def _rest(self) -> None:
        host = self.host
        await host.loop.quiet()
        await host.desk.lookup.settled()
        await host.wakes.settled()
        await host.feed.settled()

    async def _open_ends(self) -> list[str]:
        alerts = [f"alert {row.id} {row.state}" for row in await self.alerts() if row.state in OPEN_ALERTS]
        orders = [
            f"order {row.intent_id} {row.state}" for row in await self.orders() if row.state in OPEN_ORDERS
        ]
        return alerts + orders

    async def _while_time_passes(self, work: Coroutine[Any, Any, None], patience: float) -> None:
        """Await ``work``; a second of its time passes whenever it is not done in ``patience`` real ones."""
        task = asyncio.ensure_future(work)
        passed = 0.0
        while not (await asyncio.wait([task], timeout=patience))[0]:
            if passed >= LONGEST_STOP:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                raise TimeoutError("the host neither started nor stopped")
            self.clock.advance(STEP_SECONDS)
            passed += STEP_SECONDS
        await task
