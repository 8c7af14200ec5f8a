"""What the host knows of every plugin, and what follows from it: state, facts, routes."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import attrs
import msgspec

from zepix_core.config.atomic import write_atomic
from zepix_core.config.settings import HostSettings, PluginSwitch
from zepix_core.errors import PluginError, WireError
from zepix_core.inbox.port import Route
from zepix_core.model.alert import AlertClass
from zepix_core.plugins.deaths import DeathCount
from zepix_core.plugins.discovery import FoundDistribution
from zepix_core.plugins.hello import PluginHello
from zepix_core.plugins.lockfile import LockEntry
from zepix_core.plugins.names import RESERVED
from zepix_core.plugins.states import PluginState, PluginStatus, Verdicts
from zepix_core.services.facts import PluginFacts
from zepix_core.wire.codec import decode

DEFAULT_SWITCH = PluginSwitch()
HELLOS_FILE = "plugin_hellos.json"
"""In the home's data: what the workers said last, feeds among them."""
BROKEN = (PluginState.QUARANTINED, PluginState.FAILED)


@attrs.define(kw_only=True)
class Record:
    """One plugin, or the feed of a database group. ``running`` is its state as far as its worker goes; see
    `PluginBook.state`."""

    id: str
    distribution: str
    version: str
    feed: bool = False
    problem: str = ""
    hello: PluginHello | None = None
    running: PluginState = PluginState.DISCOVERED
    error: str = ""
    faults: tuple[str, ...] = ()
    calls: int = 0
    errors: int = 0
    deaths: int = 0
    own_seconds_max: float = 0.0
    last_call_ns: int = 0
    recent_deaths: DeathCount = attrs.field(factory=DeathCount)


class PluginBook:
    """Records by plugin id; a group's feed has one under the name of the group.

    Attributes:
        lock: Entries of ``zepix.lock`` by distribution.
        verdicts: Quarantine and what people switched off.
    """

    def __init__(self, settings: Callable[[], HostSettings]) -> None:
        self.lock: dict[str, LockEntry] = {}
        self.verdicts = Verdicts()
        self._settings = settings
        self._records: dict[str, Record] = {}

    def take(self, found: Iterable[FoundDistribution], remembered: dict[str, PluginHello]) -> None:
        """Take in what the environment offers; what is known of a plugin already is kept."""
        known, self._records = self._records, {}
        for distribution in found:
            for plugin in distribution.plugins:
                if plugin.id in self._records:
                    continue
                old = known.get(plugin.id)
                if old is None or old.distribution != distribution.name:
                    hello = remembered.get(plugin.id)
                    old = Record(
                        id=plugin.id,
                        distribution=distribution.name,
                        version=distribution.version,
                        hello=None if hello is None or hello.feed else hello,
                    )
                old.version, old.problem = distribution.version, plugin.problem
                self._records[plugin.id] = old
        told = {**remembered, **{record.id: record.hello for record in known.values() if record.hello}}
        for hello in told.values():
            members = self._members(hello.id)
            if hello.feed and members:
                self.take_feed(members[0], hello, known.get(hello.id))

    def take_feed(self, member: Record, hello: PluginHello, known: Record | None = None) -> Record | None:
        """The feed of the group that ``member`` is of; ``None`` when its name is somebody else's."""
        if hello.id in self._records or hello.id in RESERVED:
            return None
        if known is None or not known.feed or known.distribution != member.distribution:
            known = Record(
                id=hello.id,
                distribution=member.distribution,
                version=member.version,
                feed=True,
                hello=hello,
            )
        known.version = member.version
        self._records[hello.id] = known
        return known

    def drop(self, feed: str) -> None:
        """Forget a feed: no plugin of its group names it any more."""
        del self._records[feed]

    def _members(self, group: str) -> list[Record]:
        """The plugins of a database group, as they said last."""
        return [
            r
            for r in self._records.values()
            if not r.feed and r.hello is not None and r.hello.database_group == group
        ]

    def record(self, plugin: str) -> Record:
        """One plugin.

        Raises:
            PluginError: There is none of that id.
        """
        record = self._records.get(plugin)
        if record is None:
            raise PluginError(
                f"there is no plugin {plugin}.", "See `zepix plugins list`.", code="unknown_plugin"
            )
        return record

    def is_unknown(self, name: str) -> bool:
        """Nobody goes by that name; the host's own names are not free."""
        return name not in self._records and name not in RESERVED

    def of(self, distribution: str) -> list[Record]:
        """The plugins of one distribution, and its groups' feeds."""
        return [record for record in self._records.values() if record.distribution == distribution]

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records.values())

    def _switch(self, plugin: str) -> PluginSwitch:
        return self._settings().plugins.get(plugin, DEFAULT_SWITCH)

    def state(self, record: Record) -> PluginState:
        """Its state, the first reason that holds."""
        entry = self.lock.get(record.distribution)
        if record.problem:
            return PluginState.FAILED
        if entry is None or not entry.enabled:
            return PluginState.DISCOVERED
        if record.id in self.verdicts.quarantined:
            return PluginState.QUARANTINED
        if record.running is PluginState.FAILED:
            return PluginState.FAILED
        if record.feed:
            # It runs for the plugins of its group that are loaded, switched off or not.
            dead = all(self.state(member) in BROKEN for member in self._members(record.id))
            return PluginState.QUARANTINED if dead else record.running
        if self._switched_off(record):
            return PluginState.DISABLED
        return record.running

    def _switched_off(self, record: Record) -> bool:
        return (
            record.id in self.verdicts.disabled
            or self._switch(record.id).enabled is False
            or (record.hello is not None and not record.hello.enabled)
        )

    def may_be_called(self, record: Record) -> bool:
        """Its hooks may be called, now or when its worker is back."""
        state = self.state(record)
        starting = state is PluginState.DISCOVERED and record.distribution in self.lock
        return state.takes_alerts or (starting and self.lock[record.distribution].enabled)

    def facts(self, plugin: str) -> PluginFacts:
        """What services judge a request of the plugin by.

        Raises:
            PluginError: There is no such plugin.
        """
        record = self.record(plugin)
        hello = record.hello or PluginHello(id=plugin)
        return PluginFacts(
            id=plugin,
            capabilities=frozenset(hello.capabilities),
            risk=hello.risk,
            symbols_allowed=hello.symbols_allowed,
            shadow=self._shadow(record),
            enabled=self.may_be_called(record),
        )

    def _shadow(self, record: Record) -> bool:
        told = record.hello is not None and record.hello.shadow
        return told or self._switch(record.id).shadow_mode is True

    def routes(self, kind: str, timeframe: str | None) -> tuple[Route, ...]:
        """Feeds and plugins that take such an alert: feeds first, plugins by priority. A timeframe sorts out
        entries and exits of plugins only: information concerns all plugins of a trade, and what names none is
        theirs to read."""
        taken: list[tuple[bool, int, Route]] = []
        for record in self._records.values():
            about = _about(record.hello, kind, timeframe)
            if about is not None and self.may_be_called(record):
                route = Route(record.id, about, self._feed_of(record))
                taken.append((not record.feed, self._settings().priority(record.id), route))
        return tuple(row[2] for row in sorted(taken, key=lambda row: (row[0], row[1], row[2].plugin)))

    def _feed_of(self, record: Record) -> str:
        group = "" if record.hello is None else record.hello.database_group
        feed = self._records.get(group)
        return group if feed is not None and feed.feed and feed.distribution == record.distribution else ""

    def absent(self, kind: str, timeframe: str | None) -> tuple[str, ...]:
        """Feeds and plugins that would take such an alert and cannot: quarantined, or failed at start."""
        found = [
            record
            for record in self._records.values()
            if _about(record.hello, kind, timeframe) is not None and self.state(record) in BROKEN
        ]
        return tuple(record.id for record in sorted(found, key=lambda record: not record.feed))

    def heads(self) -> frozenset[str]:
        """All alert kinds that some plugin ever named in its hello."""
        return frozenset(kind for r in self._records.values() if r.hello for kind in r.hello.alerts)

    def statuses(self) -> tuple[PluginStatus, ...]:
        """Every plugin as it stands, by priority and id; feeds are none."""
        rows = [self._status(record) for record in self._records.values() if not record.feed]
        return tuple(sorted(rows, key=lambda row: (row.priority, row.id)))

    def _status(self, record: Record) -> PluginStatus:
        quarantine = self.verdicts.quarantined.get(record.id, "")
        return PluginStatus(
            id=record.id,
            distribution=record.distribution,
            version=record.version,
            state=self.state(record),
            enabled=self.may_be_called(record),
            shadow=self._shadow(record),
            priority=self._settings().priority(record.id),
            error=record.problem or quarantine or record.error or self._feed_trouble(record),
            faults=record.faults,
            calls=record.calls,
            errors=record.errors,
            deaths=record.deaths,
            own_seconds_max=record.own_seconds_max,
            last_call_ns=record.last_call_ns,
            hello=record.hello,
        )

    def _feed_trouble(self, record: Record) -> str:
        feed = self._records.get(self._feed_of(record))
        if feed is None or self.state(feed) not in BROKEN:
            return ""
        reason = self.verdicts.quarantined.get(feed.id) or feed.error
        return f"the feed {feed.id} of its group is {self.state(feed)}: {reason}"

    def remember(self, path: Path) -> None:
        """Keep what the workers said last, for the time they are away and for a stopped host."""
        hellos = [record.hello for record in self._records.values() if record.hello is not None]
        write_atomic(path, msgspec.json.encode(hellos).decode())


def _about(hello: PluginHello | None, kind: str, timeframe: str | None) -> AlertClass | None:
    """What such an alert is about for a plugin, ``None`` when it does not take it."""
    about = None if hello is None else hello.alerts.get(kind)
    if hello is None or about is None:
        return None
    strict = about is not AlertClass.INFO and timeframe is not None and hello.timeframes
    return None if strict and timeframe not in hello.timeframes else about


def remembered(path: Path) -> dict[str, PluginHello]:
    """What the workers said in an earlier run; nothing when that cannot be read."""
    try:
        rows = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        return {}
    found = {}
    for row in rows if isinstance(rows, list) else ():
        try:
            hello: PluginHello = decode(msgspec.msgpack.encode(row), PluginHello)
        except WireError:
            continue
        found[hello.id] = hello
    return found
