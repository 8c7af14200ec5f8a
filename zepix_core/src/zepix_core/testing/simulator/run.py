"""Runs one scenario from its first act until all has come to rest, and says what did not hold."""

import asyncio
import gc
import hashlib
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import attrs

from zepix_core.errors import PluginError
from zepix_core.model.order import Deal, Position
from zepix_core.testing.simulator import books, journal_laws, telling
from zepix_core.testing.simulator.acts import Act, acts_of
from zepix_core.testing.simulator.cast import Cast
from zepix_core.testing.simulator.complaints import heard, is_mistake
from zepix_core.testing.simulator.faults import Fault, Kind, Unit, plan_of
from zepix_core.testing.simulator.home import Stage, build, temporary
from zepix_core.testing.simulator.loop import Stuck
from zepix_core.testing.simulator.world import BOTH, World

READY_SECONDS = 300.0
REST_SECONDS = 1800.0
LOOK_SECONDS = 2.0
SWEEP_SECONDS = 36.0
PROBE_SECONDS = 180.0
STOP_SECONDS = 26.0


@attrs.frozen(kw_only=True)
class Scenario:
    """What happens in a run; the same scenario runs the same way."""

    seed: int
    acts: tuple[Act, ...]
    faults: tuple[Fault, ...]


@attrs.frozen(kw_only=True)
class Outcome:
    """What came of a run.

    Attributes:
        violations: Sentences; none when all held.
        digest: The same for two runs in which the same happened.
        struck: Faults that struck, by kind.
        steps: Steps by kind of process; ``commits`` and ``requests`` in all.
        occasions: Steps, commits and the like at which a fault could have struck.
        checks: How many times invariants were looked at.
        seconds: Virtual time that passed.
    """

    scenario: Scenario
    violations: tuple[str, ...]
    digest: str
    struck: Counter[Kind]
    steps: Counter[str]
    occasions: Counter[Unit]
    commits: int
    requests: int
    checks: int
    starts: int
    seconds: float
    lines: tuple[str, ...]


def scenario_of(seed: int, cast: Cast) -> Scenario:
    """The scenario that a seed names."""
    acts = acts_of(_chance(seed, "acts"), cast.compose, cast.symbols)
    return Scenario(seed=seed, acts=acts, faults=plan_of(_chance(seed, "faults"), len(acts) + 1))


def _chance(seed: int, purpose: str) -> Random:
    return Random(f"{seed}:{purpose}")  # noqa: S311 (of a simulation)


class Theatre:
    """Runs scenarios of one cast, each in a home of its own.

    Use it as a context manager: its folder is gone afterwards.
    """

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self._folder = temporary()
        self._stage = build(cast, Path(self._folder.name) / "stage")
        # The first start makes the databases; every run begins with a copy of them.
        self._play(Scenario(seed=0, acts=(), faults=()), self._stage, None)
        # What is there now stays; each run collects its own, and that alone.
        gc.freeze()

    def __enter__(self) -> "Theatre":
        return self

    def __exit__(self, *_: object) -> None:
        gc.unfreeze()
        self._folder.cleanup()

    def run(
        self, scenario: Scenario, show: Callable[[str], None] | None = None, keep: Path | None = None
    ) -> Outcome:
        """Run it.

        Args:
            show: Called with each line of the trace.
            keep: Where its journal is copied in the end.
        """
        folder = Path(tempfile.mkdtemp(dir=self._folder.name))
        home = self._stage.copy(folder / "home")
        try:
            outcome = self._play(scenario, attrs.evolve(self._stage, home=home), show)
            if keep is not None:
                shutil.copy(home.journal_db, keep)
            return outcome
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def seed(self, seed: int, show: Callable[[str], None] | None = None) -> Outcome:
        """Run the scenario of a seed."""
        return self.run(scenario_of(seed, self.cast), show)

    def _play(self, scenario: Scenario, stage: Stage, show: Callable[[str], None] | None) -> Outcome:
        collecting = gc.isenabled()
        gc.disable()
        settings = attrs.evolve(stage.settings, paper=attrs.evolve(stage.settings.paper, seed=scenario.seed))
        world = World(
            stage.home, settings, self.cast, scenario.faults,
            lambda purpose: _chance(scenario.seed, purpose), show,
        )  # fmt: skip
        try:
            with heard(show) as complaints:
                play = _Play(world, scenario)
                try:
                    play.perform()
                    found = [*play.found, *world.watcher.found, *complaints.found, *_surprises(world)]
                    return _outcome(scenario, world, found, play.checks)
                finally:
                    world.destroy()
        finally:
            del world
            gc.collect()
            if collecting:
                gc.enable()


def _surprises(world: World) -> Iterator[str]:
    yield from world.disk.surprises
    for fault in world.loop.faults:
        error = fault.get("exception")
        if error is None or is_mistake(error):
            yield f"{fault.get('message')}: {type(error).__name__}: {error}"


def _outcome(scenario: Scenario, world: World, found: list[str], checks: int) -> Outcome:
    digest = hashlib.sha256(world.trace.digest.encode())
    with world.read() as reader:
        last = reader.execute("SELECT hash FROM journal_events ORDER BY seq DESC LIMIT 1").fetchone()
    digest.update(last[0] if last else b"")
    return Outcome(
        scenario=scenario,
        violations=tuple(dict.fromkeys(found)),
        digest=digest.hexdigest()[:16],
        struck=world.striker.struck,
        steps=world.loop.steps,
        occasions=world.striker.occasions,
        commits=world.disk.commits,
        requests=len(world.server.executed),
        checks=checks + world.watcher.checks,
        starts=world.keeper.starts,
        seconds=world.loop.time(),
        lines=tuple(world.trace.lines),
    )


class _Play:
    """One performance."""

    def __init__(self, world: World, scenario: Scenario) -> None:
        self.world, self.scenario = world, scenario
        self.found: list[str] = []
        self.checks = 0

    def perform(self) -> None:
        """Play all acts, let all come to rest, look at everything."""
        try:
            self.world.loop.drive(self._all())
        except Stuck as error:
            self.found.append(str(error))

    async def _all(self) -> None:
        world = self.world
        await world.open()
        await self._until_ready()
        for number, act in enumerate(self.scenario.acts, start=1):
            world.begin(number)
            await world.act(act)
            self._laws()
        await self._rest()
        await self._probe()
        self._laws()
        await self._books()
        await self._close()

    async def _until_ready(self) -> None:
        for _ in range(int(READY_SECONDS)):
            if self.world.keeper.ready:
                return
            await asyncio.sleep(1.0)

    async def _rest(self) -> None:
        """The faults end; what is under way is to end by itself."""
        world = self.world
        world.striker.end()
        world.disk.recover()
        await world.idle()
        if not world.server.up:
            world.server.switch(True)
        until = world.loop.time() + REST_SECONDS
        calm = -1.0
        unrest: list[str] = ["nothing was looked at"]
        while world.loop.time() < until:
            await asyncio.sleep(LOOK_SECONDS)
            unrest = self._unrest()
            if unrest:
                calm = -1.0
            elif calm < 0:
                calm = world.loop.time()
            elif world.loop.time() - calm > SWEEP_SECONDS:
                return
        self.found += [f"does not come to rest: {one}" for one in unrest]

    def _unrest(self) -> list[str]:
        world = self.world
        self.checks += 1
        if not world.connected():
            return ["the host is not ready and connected"]
        with world.read() as reader:
            return books.unrest(reader, world.account, self._waiting())

    def _waiting(self) -> frozenset[str]:
        """Plugins that are not to be told anything now."""
        host = self.world.keeper.host
        if host is None:
            return frozenset()
        waiting = set()
        for plugin in host.plugins.book:
            try:
                if not host.plugins.callable(plugin.id):
                    waiting.add(plugin.id)
            except PluginError:
                waiting.add(plugin.id)
        return frozenset(waiting)

    def _deaf(self) -> frozenset[str]:
        """Plugins that want no updates."""
        host = self.world.keeper.host
        known = () if host is None else host.plugins.book
        return frozenset(p.id for p in known if p.hello is None or "on_trade_update" not in p.hello.hooks)

    async def _probe(self) -> None:
        """A new alert is taken and finished."""
        world = self.world
        if not self.scenario.acts:
            return
        body = world.cast.compose(_chance(self.scenario.seed, "probe"), 99_999)
        status = await world.sender.post(body)
        if status != 200:
            self.found.append(f"the host does not take alerts: {status}")
            return
        until = world.loop.time() + PROBE_SECONDS
        unrest = self._unrest()
        while unrest and world.loop.time() < until:
            await asyncio.sleep(LOOK_SECONDS)
            unrest = self._unrest()
        self.found += [f"a new alert does not come to rest: {one}" for one in unrest]

    def _laws(self) -> None:
        self.checks += 1
        world = self.world
        with world.read() as reader:
            self.found += journal_laws.violations(reader, world.sender.taken, world.cast.once)

    async def _books(self) -> None:
        self.checks += 1
        world, engine = self.world, self.world.server.engine
        positions: list[Position] = []
        deals: list[Deal] = []
        for book in BOTH:
            positions += await engine.positions(book)
            deals += await engine.deals(book=book)
        with world.read() as reader:
            self.found += books.differences(reader, world.account, positions, deals)
            self.found += books.executions(reader, world.account, world.server.executed)
            self.found += books.disputes(reader, world.account)
            unheard = self._waiting() | self._deaf()
            self.found += telling.violations(reader, world.children.told, unheard)
            self.found += self._tables(reader, positions)
        self.found += books.sums(deals, positions)

    def _tables(self, journal: sqlite3.Connection, positions: list[Position]) -> Iterator[str]:
        """What plugins keep of their positions."""
        world = self.world
        for plugin, file in world.cast.trades.items():
            if plugin in self._waiting():
                continue
            rows = dict(world.plugin_rows(world.home.data / file, "SELECT mt5_ticket, status FROM trades"))
            yield from books.trades(journal, plugin, rows, positions)

    async def _close(self) -> None:
        world = self.world
        await world.close()
        took = world.keeper.stopped_in[-1] if world.keeper.stopped_in else 0.0
        if took > STOP_SECONDS:
            self.found.append(f"the host took {took:.1f} s to stop")
