"""One simulation: a host, its children, a broker, senders, people and prices, in one loop on virtual time."""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

from zepix_core.config.home import Home
from zepix_core.config.settings import HostSettings
from zepix_core.errors import ZepixError
from zepix_core.host import Host
from zepix_core.model.market import Side
from zepix_core.model.order import Book
from zepix_core.storage.connection import open_reader
from zepix_core.testing.simulator.acts import Act, Do
from zepix_core.testing.simulator.cast import Cast
from zepix_core.testing.simulator.children import Children
from zepix_core.testing.simulator.clock import SimulatedClock
from zepix_core.testing.simulator.disk import Disk
from zepix_core.testing.simulator.faults import Fault, Kind, Striker, Unit
from zepix_core.testing.simulator.keeper import Keeper
from zepix_core.testing.simulator.loop import SimulatedLoop
from zepix_core.testing.simulator.processes import Machine, Process
from zepix_core.testing.simulator.sender import Sender
from zepix_core.testing.simulator.server import Server
from zepix_core.testing.simulator.trace import Trace
from zepix_core.testing.simulator.watch import Watcher

COUNTED = frozenset({"host", "worker", "gateway"})
CRASHES = {"host": Unit.HOST_STEP, "worker": Unit.WORKER_STEP, "gateway": Unit.GATEWAY_STEP}
FREEZES = {
    Kind.HOST_STALLS: (0.5, 40.0),
    Kind.WORKER_HANGS: (0.5, 40.0),
    Kind.GATEWAY_HANGS: (0.5, 40.0),
}
PERSON = "person"
ANSWER_SECONDS = 60.0
DISCONNECT_SECONDS = (0.5, 60.0)
JUMP_SECONDS = 7200.0
WIDTH = 240


class World:
    """All that takes part, and what it can be made to do.

    Args:
        home: A home of this simulation's own.
        faults: What goes wrong.
        chance: Where numbers come from, by purpose.
        trace: Where it is told.
    """

    def __init__(
        self,
        home: Home,
        settings: HostSettings,
        cast: Cast,
        faults: tuple[Fault, ...],
        chance: Callable[[str], Random],
        show: Callable[[str], None] | None = None,
    ) -> None:
        self.loop = SimulatedLoop(COUNTED)
        self.trace = Trace(self.loop.time, show)
        self.clock = SimulatedClock(self.loop)
        self.striker = Striker(faults)
        self.cast, self.home = cast, home
        machine = Machine(self.loop)
        self.disk = Disk(self.striker.count, chance("disk"), self.trace)
        self.server = Server(
            machine.start("server"),
            home.data,
            settings.paper,
            self.clock,
            self.disk,
            chance("line"),
            self.trace,
        )
        self.children = Children(machine, self.server, self.clock, self.disk, chance("children"))
        self.keeper = Keeper(
            home, settings, cast, self.clock, machine, self.children, self.disk, chance("keeper"), self.trace
        )
        self.sender = Sender(self.loop, self.trace)
        self.watcher = Watcher(home.journal_db, self.server, self.loop.time)
        self.watcher.connected = self._undisturbed
        self.watcher.journal_fails = lambda: self.disk.failing(self.loop.time())
        self.server.arrived = self.watcher.arrived
        self.loop.before = self._before
        self.loop.after = lambda _: self.watcher.look()
        self.account = f"{settings.paper.login}@Zepix-Paper"
        self._chance = chance("people")
        self._told = 0
        if self.trace.wanted:
            self.disk.committed = self._tell_events
        self._machine = machine
        self._keeping: asyncio.Task[None] | None = None
        self._errands: set[asyncio.Task[Any]] = set()

    # Life.

    async def open(self) -> None:
        """The broker opens; then its faults begin, and the host is started. Returns at once."""
        await self.server.process.spawn(self.server.start())
        self.begin(0)
        self._keeping = asyncio.ensure_future(self.keeper.keep())

    async def close(self) -> None:
        """The host is asked to stop, then the broker closes."""
        self.keeper.wanted = False
        await self.keeper.stop()
        if self._keeping is not None:
            await self._keeping
        await self.server.process.spawn(self.server.engine.stop())

    def destroy(self) -> None:
        """Nothing is left of it but what stands on the disk."""
        for process in self._machine.started:
            process.kill()
        self.loop.dispose()

    def connected(self) -> bool:
        """A host runs, takes alerts, and can reach the broker."""
        host = self.keeper.host
        return self.server.up and self.keeper.ready and host is not None and host.front.link

    def _undisturbed(self) -> bool:
        """Connected, and neither line nor disk keeps anybody waiting."""
        return self.connected() and not self.server.hanging and not self.disk.disturbed(self.loop.time())

    def read(self) -> "closing[Any]":
        """The journal as it is committed."""
        return closing(open_reader(self.home.journal_db))

    def _tell_events(self, path: Path) -> None:
        """Show what a commit has added to the chain."""
        if path != self.home.journal_db:
            return
        query = (
            "SELECT seq, kind, alert_id, intent_id, payload FROM journal_events WHERE seq > ? ORDER BY seq"
        )
        with self.read() as reader:
            for seq, kind, alert, intent, payload in reader.execute(query, (self._told,)):
                self._told = seq
                about = " ".join(str(one) for one in (alert and f"alert {alert}", intent) if one)
                self.trace.detail("event", f"{seq} {kind} {about} {payload[:WIDTH]}")

    def plugin_rows(self, path: Path, query: str) -> list[Any]:
        """Rows of a plugin's file."""
        with closing(open_reader(path)) as reader:
            return reader.execute(query).fetchall()

    def _before(self, process: Process) -> None:
        """A step is about to be made: its process may end here."""
        fault = self.striker.count(CRASHES[process.kind])
        if fault is None:
            return
        self.trace.add(process.kind, f"{process} {fault}")
        if fault.kind in FREEZES:
            least, most = FREEZES[fault.kind]
            seconds = least + (most - least) * fault.size
            self.disk.disturb(self.loop.time() + seconds)
            process.freeze(seconds)
        else:
            process.kill()

    # Acts.

    def begin(self, number: int) -> None:
        """The act of that number begins, and with it its faults."""
        for fault in self.striker.begin(number):
            self._errand(self._happen(fault))

    async def act(self, act: Act) -> None:
        """Do it, then let its pause pass."""
        self.trace.add("act", str(act))
        for body in act.bodies:
            self.sender.send(body)
        if act.do is Do.MOVE:
            await self.move(act.word, act.size)
        elif act.do is Do.RESTART:
            self._errand(self.keeper.stop())
        elif act.do in PEOPLE:
            self._errand(self._ask(PEOPLE[act.do], act.word))
        await asyncio.sleep(act.pause)

    async def move(self, symbol: str, pips: float) -> None:
        """The price jumps."""
        engine = self.server.engine
        quote = await engine.quote(symbol)
        pip = next(info.pip_size for info in self.server.hello.symbols if info.name == symbol)
        if quote is not None:
            price = quote.bid + pips * pip
            await self.server.process.spawn(self.server.attempt(engine.observe(symbol, price)))

    def _errand(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.ensure_future(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def idle(self) -> None:
        """Wait until nobody is on an errand and nothing is being sent."""
        await self.sender.idle()
        while self._errands:
            await asyncio.wait(self._errands)

    async def _ask(self, wish: "Wish", word: str) -> None:
        """A person asks the host for something; a host that is away cannot be asked."""
        process, host = self.keeper.process, self.keeper.host
        if process is None or host is None or not process.alive:
            return
        task = process.spawn(_told(wish(self, host, word)))
        done, _ = await asyncio.wait([task], timeout=ANSWER_SECONDS)
        self.trace.add("person", str(task.result()) if done else "no answer")

    # What strikes by time.

    async def _happen(self, fault: Fault) -> None:
        await asyncio.sleep(fault.after - 1 + fault.size)
        if self.disk.well:
            return
        self.striker.note(fault)
        self.trace.add("fault", str(fault))
        if fault.kind is Kind.CLOCK_JUMP:
            self.clock.jump((fault.size - 0.5) * JUMP_SECONDS)
        elif fault.kind is Kind.DISCONNECT:
            await self._disconnect(fault.size)
        else:
            await self.server.process.spawn(self.server.attempt(self._person(fault)))

    async def _disconnect(self, size: float) -> None:
        self.server.switch(False)
        least, most = DISCONNECT_SECONDS
        await asyncio.sleep(least + (most - least) * size**2)
        if not self.server.up:
            self.server.switch(True)

    async def _person(self, fault: Fault) -> None:
        """Somebody does something at the terminal."""
        engine, kind = self.server.engine, fault.kind
        if kind is Kind.PERSON_OPENS:
            await engine.by_hand_open(self.cast.symbols[0], Side.BUY, 0.1)
            return
        held = engine.held()
        if not held:
            return
        position = held[int(fault.size * len(held))]
        if kind is Kind.PERSON_CLOSES:
            await engine.by_hand_close(position.ticket)
        elif kind is Kind.PERSON_CLOSES_PART and position.volume >= 0.02:
            await engine.by_hand_close(position.ticket, 0.01)
        elif kind is Kind.PERSON_REMOVES_STOPS:
            await engine.by_hand_stops(position.ticket, 0.0, 0.0)
        elif kind is Kind.PERSON_MOVES_STOPS:
            away = position.side.sign * 0.01
            sl, tp = round(position.price_open - away, 5), round(position.price_open + away, 5)
            await engine.by_hand_stops(position.ticket, sl, tp)


Wish = Callable[[World, Host, str], Coroutine[Any, Any, Any]]


async def _told(work: Coroutine[Any, Any, Any]) -> str:
    """What the person reads."""
    try:
        return f"done: {type(await work).__name__}"
    except ZepixError as error:
        return f"refused: {error.message}"


async def _pause(_: World, host: Host, __: str) -> None:
    await host.front.pause(PERSON)


async def _resume(_: World, host: Host, __: str) -> None:
    await host.front.resume(PERSON, confirmed=True)


async def _panic(_: World, host: Host, level: str) -> Any:
    return await host.front.panic(level, PERSON)


async def _close(world: World, host: Host, _: str) -> Any:
    held = world.server.engine.held()
    return await host.front.close_position(held[0].ticket, PERSON) if held else None


async def _switch(world: World, host: Host, word: str) -> Any:
    return await host.front.switch_plugin(world.cast.plugins[0], word == "on", PERSON)


async def _shadow(world: World, host: Host, word: str) -> Any:
    return await host.front.shadow_plugin(world.cast.plugins[0], word == "on", PERSON)


PEOPLE: dict[Do, Wish] = {
    Do.PAUSE: _pause,
    Do.RESUME: _resume,
    Do.PANIC: _panic,
    Do.CLOSE: _close,
    Do.SWITCH: _switch,
    Do.SHADOW: _shadow,
}
BOTH = (Book.LIVE, Book.SHADOW)
Reader = sqlite3.Connection
