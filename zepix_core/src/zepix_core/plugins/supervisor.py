"""One worker: started, watched, ended, started again."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from zepix_core.clock import Clock
from zepix_core.errors import PluginError, WireError, WorkerDied, ZepixError
from zepix_core.inbox.port import UNAVAILABLE
from zepix_core.plugins.exchange import Exchange
from zepix_core.plugins.hello import HookReply, Nothing, WorkerHello, WorkerInit
from zepix_core.plugins.link import Link, LinkFactory
from zepix_core.rules.backoff import Backoff
from zepix_core.wire.channel import ChannelClosed
from zepix_core.wire.process import KILLED

log = logging.getLogger(__name__)

HELLO_SECONDS = 30.0
STOP_SECONDS = 5.0


class Owner(Protocol):
    """Who a supervisor reports to."""

    def init(self, distribution: str) -> WorkerInit | None:
        """What to start the worker with; ``None``: nothing of it may run."""

    def up(self, distribution: str, hello: WorkerHello) -> None:
        """The worker said hello."""

    def down(self, distribution: str, charged: Sequence[str], reason: str) -> None:
        """The worker died; ``charged`` are the plugins at fault, empty: all of the distribution."""

    def may_run(self, plugin: str) -> None:
        """Raises PluginError when the plugin is not to be called now or later."""


class Supervisor:
    """The worker of one distribution.

    Attributes:
        link: The running worker, ``None`` while there is none.
        ready: Set while the worker has said hello and lives.
    """

    def __init__(
        self,
        distribution: str,
        owner: Owner,
        links: LinkFactory,
        exchange: Exchange,
        clock: Clock,
        random: Callable[[], float],
    ) -> None:
        self.distribution = distribution
        self.link: Link | None = None
        self.ready = asyncio.Event()
        self._owner, self._links, self._exchange, self._clock = owner, links, exchange, clock
        self._backoff = Backoff(random)
        self._turns: dict[str, asyncio.Lock] = {}
        self._reason = ""
        self._first = asyncio.Event()
        self._ended = asyncio.Event()
        self._wanted = True
        self._restarting = False
        self._task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """Process id of the running worker, 0 while there is none."""
        return 0 if self.link is None else self.link.pid

    async def start(self) -> None:
        """Start the worker and return once it said hello, or its first start failed."""
        self._wanted = True
        self._first.clear()
        self._ended.clear()
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"worker {self.distribution}")
        await self._first.wait()

    async def stop(self, grace: float = STOP_SECONDS) -> None:
        """Let running hooks end, call ``on_stop``, end the worker; by force after ``grace`` seconds each."""
        turns = await self._quiet(grace)
        try:
            self._wanted = False
            link = self.link
            if link is not None and self.ready.is_set():
                try:
                    await link.channel.request("stop", Nothing(), Nothing, timeout=grace)
                except (TimeoutError, ZepixError) as error:
                    log.warning("%s did not stop well: %s", self.distribution, error)
            self.ready.clear()
            if link is not None:
                await link.stop(1.0)
            if self._task is not None:
                self._task.cancel()
                await asyncio.wait((self._task,))
            self.link = None
            self._ended.set()
        finally:
            for turn in turns:
                turn.release()

    async def restart(self) -> None:
        """Stop and start, for a new version or a person's wish; nobody is charged, calls wait."""
        self._restarting = True
        try:
            await self.stop()
            await self.start()
        finally:
            self._restarting = False

    async def call(self, plugin: str, hook: str, **fields: Any) -> HookReply:
        """Run one hook, waiting for the worker when it is away; hooks of one plugin never overlap.

        Raises:
            WorkerDied: The worker ended, or was ended, during the hook.
            PluginError: The hook failed, or the plugin is not to be called.
        """
        turn = self._turns.setdefault(plugin, asyncio.Lock())
        while True:
            link = await self._link_for(plugin)
            async with turn:
                if link is not self.link or not self.ready.is_set():
                    continue
                try:
                    return await self._exchange.run(link, plugin, hook, fields)
                except ChannelClosed as error:
                    self._gone(link)
                    if error.sent:
                        await link.exited.wait()
                        why = self._exchange.reason or _end_of(link)
                        raise WorkerDied(f"the worker ended during {hook} of {plugin}: {why}.") from error
                except WorkerDied:
                    self._gone(link)
                    raise

    async def until_ready(self, plugin: str) -> None:
        """Wait until the worker is there.

        Raises:
            PluginError: The plugin is not to be called.
        """
        await self._link_for(plugin)

    async def ask(self, name: str, payload: Any, reply: Any) -> Any:
        """A request to the worker that is no hook.

        Raises:
            WireError: The worker is away or went away.
            ZepixError: As the worker raised it.
        """
        if self.link is None or not self.ready.is_set():
            raise WireError(f"the worker of {self.distribution} is away.")
        try:
            return await self.link.channel.request(name, payload, reply, timeout=HELLO_SECONDS)
        except TimeoutError as error:
            raise WireError(f"the worker of {self.distribution} does not answer.") from error

    def busy(self, plugin: str) -> bool:
        """Whether a hook of the plugin runs or waits."""
        turn = self._turns.get(plugin)
        return turn is not None and turn.locked()

    async def _run(self) -> None:
        try:
            await self._lives()
        except Exception:
            log.exception("the supervision of %s failed", self.distribution)
        finally:
            self._first.set()
            self._ended.set()

    async def _lives(self) -> None:
        while self._wanted:
            init = self._owner.init(self.distribution)
            if init is None:
                break
            born = self._clock.monotonic()
            self._exchange.begin_life()
            self._reason = ""
            await self._live(init)
            if not self._wanted:
                break
            reason = self._exchange.reason or self._reason
            log.error("the worker of %s ended: %s", self.distribution, reason)
            self._owner.down(self.distribution, self._exchange.charged, reason)
            self._first.set()
            await self._clock.sleep(self._backoff.after(self._clock.monotonic() - born))

    async def _live(self, init: WorkerInit) -> None:
        """One life of the worker, from its start to its end."""
        try:
            link = self.link = await self._links.open(self.distribution, self._exchange.handlers())
        except Exception as error:  # whatever it was, the next start may go well
            self._reason = f"it cannot be started: {error}"
            return
        try:
            hello = await self._greet(link, init)
        except (TimeoutError, ZepixError) as error:
            self._reason = f"it said no hello: {error}"
            link.kill()
        else:
            self._owner.up(self.distribution, hello)
            self.ready.set()
            self._first.set()
        weighing = asyncio.ensure_future(self._exchange.weigh(link))
        await link.exited.wait()
        weighing.cancel()
        end = _end_of(link)
        self._reason = f"{self._reason} ({end})" if self._reason else end
        self._gone(link)
        self.link = None

    async def _greet(self, link: Link, init: WorkerInit) -> WorkerHello:
        """The worker's hello; the time its ``on_start`` hooks wait for the host does not count, and neither
        do backups and migrations of its databases."""
        asked = asyncio.ensure_future(link.channel.request("init", init, WorkerHello))
        try:
            while True:
                try:
                    async with asyncio.timeout(HELLO_SECONDS):
                        hello: WorkerHello = await asyncio.shield(asked)
                        return hello
                except TimeoutError:
                    if not self._exchange.excused():
                        raise TimeoutError(f"nothing in {HELLO_SECONDS:g} s") from None
        finally:
            asked.cancel()

    def _gone(self, link: Link) -> None:
        if link is self.link:
            self.ready.clear()

    async def _link_for(self, plugin: str) -> Link:
        while True:
            self._owner.may_run(plugin)
            if self.ready.is_set() and self.link is not None:
                return self.link
            if not self._restarting and (not self._wanted or self._ended.is_set()):
                raise PluginError(f"the worker of {plugin} is not running.", code=UNAVAILABLE)
            events = (self.ready,) if self._restarting else (self.ready, self._ended)
            waits = [asyncio.ensure_future(event.wait()) for event in events]
            try:
                # Looks up now and then: a person may have switched the plugin off meanwhile.
                await asyncio.wait(waits, timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()

    async def _quiet(self, grace: float) -> list[asyncio.Lock]:
        """Take every plugin's turn, as far as that goes within ``grace`` seconds."""
        taken: list[asyncio.Lock] = []
        try:
            async with asyncio.timeout(grace):
                for turn in list(self._turns.values()):
                    await turn.acquire()
                    taken.append(turn)
        except TimeoutError:
            log.warning("a hook of %s still runs and is given up", self.distribution)
        return taken


def _end_of(link: Link) -> str:
    """How a worker that is gone ended, in words."""
    told, code = link.channel.reason, link.returncode
    if code is None or told == KILLED:
        return told
    how = f"exit code {code}" if code >= 0 else f"signal {-code}"
    return f"{told}, {how}"
