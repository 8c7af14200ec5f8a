import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest

from zepix_core.clock import SystemClock
from zepix_core.config.home import Home
from zepix_core.config.settings import HostSettings
from zepix_core.errors import SettingsError
from zepix_core.model.alert import Alert
from zepix_core.model.order import CloseResult, OrderResult
from zepix_core.plugins.discovery import discover
from zepix_core.plugins.lockfile import LockEntry, write_lock
from zepix_core.plugins.manager import PluginHost
from zepix_core.plugins.states import EventKind, PluginEvent, PluginState, PluginStatus
from zepix_core.services.calls import Empty, PlaceReply
from zepix_core.services.context import CallContext

SOURCES = Path(__file__).parent / "dists"


class Site:
    """A folder with installed distributions, made of the files in ``dists``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def install(self, name: str, plugins: dict[str, str], version: str = "1.0", source: str = "") -> None:
        module = name.replace("-", "_")
        code = source or (SOURCES / f"{module}.py").read_text(encoding="utf-8")
        (self.path / f"{module}.py").write_text(code, encoding="utf-8")
        for old in self.path.glob(f"{module}-*.dist-info"):
            for file in old.iterdir():
                file.unlink()
            old.rmdir()
        info = self.path / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        points = "".join(f"{plugin} = {target}\n" for plugin, target in plugins.items())
        (info / "entry_points.txt").write_text(f"[zepix.plugins]\n{points}")
        (info / "RECORD").write_text(f"{module}.py,{hash(code)},{len(code)}\n")


class Answers:
    """What the host answers to plugins; each call is kept with its context."""

    def __init__(self) -> None:
        self.calls: list[tuple[CallContext, str, Any]] = []
        self.slow = asyncio.Event()

    async def call(self, context: CallContext, name: str, payload: Any) -> Any:
        self.calls.append((context, name, payload))
        if getattr(payload, "symbol", "") == "SLOW":
            await self.slow.wait()
        if name == "orders.place":
            return PlaceReply(results=(OrderResult(ok=True, ticket=11),))
        if name == "orders.close":
            return CloseResult(success=True, order_id=payload.ticket)
        return Empty() if name == "notice.send" else None


@attrs.define
class Stage:
    """A home, a site and the host of the plugins in it."""

    home: Home
    site: Site
    answers: Answers
    settings: HostSettings = attrs.field(factory=HostSettings)
    configs: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    events: list[PluginEvent] = attrs.field(factory=list)
    inline: bool = False
    paths: tuple[str, ...] = ()
    host: PluginHost = attrs.field(init=False)

    def read_config(self, plugin: str) -> dict[str, Any]:
        values = self.configs.get(plugin, {})
        if values is NotImplemented:
            raise SettingsError("the file has mistakes.", "", ("line 1: nonsense",))
        return values

    async def open(self) -> PluginHost:
        if not self.home.lock_file.exists():
            # Only what a test installs is to run, not the distributions of this repository.
            found = discover([str(self.site.path)])
            write_lock(
                self.home.lock_file,
                {d.name: LockEntry(name=d.name, version="0", enabled=True) for d in found},
            )
        self.host = PluginHost(
            self.home,
            lambda: self.settings,
            SystemClock(),
            self.answers,
            read_config=self.read_config,
            on_event=self.events.append,
            inline=self.inline,
            paths=(*self.paths, str(self.site.path)),
            random=lambda: 0.1,
        )
        await self.host.start()
        return self.host

    def status(self, plugin: str) -> PluginStatus:
        return next(row for row in self.host.statuses() if row.id == plugin)

    def state(self, plugin: str) -> PluginState:
        return self.status(plugin).state

    def told(self, kind: EventKind) -> list[str]:
        return [event.plugin for event in self.events if event.kind is kind]

    async def until(self, plugin: str, *states: PluginState) -> None:
        await eventually(lambda: self.state(plugin) in states)

    def deadline(self, seconds: float) -> None:
        system = attrs.evolve(self.settings.plugin_system, max_plugin_execution_time=seconds)
        self.settings = attrs.evolve(self.settings, plugin_system=system)


async def eventually(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come true")


def alert(body: str = "", kind: str = "go", number: int = 1, timeframe: str | None = None) -> Alert:
    return Alert(
        id=number,
        key=f"key-{number}",
        kind=kind,
        body=body,
        received_at=datetime(2026, 1, 5, tzinfo=UTC),
        timeframe=timeframe,
    )


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    home = Home(tmp_path / "home")
    home.create()
    site = tmp_path / "site"
    site.mkdir()
    stage = Stage(home, Site(site), Answers())
    yield stage
    if hasattr(stage, "host"):
        await stage.host.stop(2.0)
