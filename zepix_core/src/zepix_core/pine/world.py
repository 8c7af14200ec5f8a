"""What is known about the house that will take the messages."""

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from zepix_core.pine.fault import Fault
from zepix_core.pine.formats import Format, format_of, known_kinds
from zepix_core.pine.near import nearest


@attrs.frozen(kw_only=True)
class World:
    """Which kinds the installed plugins take.

    Attributes:
        kinds: Kinds taken; ``None`` when nobody knows.
        off: Kinds that only plugins which are switched off take.
        foreign: Kinds of our formats that only other plugins take: their fields are not known.
        source: Where that is known from, for people; ``""`` when it is not.
    """

    kinds: frozenset[str] | None = None
    off: frozenset[str] = frozenset()
    foreign: frozenset[str] = frozenset()
    source: str = ""

    def format_of(self, kind: str, pipe: bool = False) -> Format | None:
        """The format in which this house reads the kind, ``None`` when that is not known."""
        return None if kind in self.foreign else format_of(kind, pipe)

    def kind_fault(self, kind: str, at: int, length: int) -> Fault | None:
        """What is to be said about a kind that stands there."""
        if self.kinds is not None and kind in self.kinds:
            return None
        if kind in self.off:
            hint = "Switch it on with `zepix plugins enable`."
            return Fault(at, length, "no_plugin", f"the plugin that takes {kind!r} is switched off", hint)
        known = known_kinds()
        meant = nearest(kind, (self.kinds or frozenset()) | known)
        if self.kinds is None and kind in known:
            return None
        if kind in known:
            text = f"no installed plugin takes {kind!r}"
            return Fault(at, length, "unknown_type", text, "`zepix plugins list` shows what is taken.")
        if meant:
            return Fault(at, length, "unknown_type", f"no plugin takes {kind!r}", f"Is {meant!r} meant?")
        if self.kinds is not None:
            hint = "`zepix plugins list` shows what is taken."
            return Fault(at, length, "unknown_type", f"no installed plugin takes {kind!r}", hint)
        text = f"{kind!r} is in no format known here, and what the installed plugins take is not known"
        return Fault(at, length, "unknown_type", text, "Run `zepix run` once and check again.", grave=False)


def world_of(
    rows: Iterable[Mapping[str, Any]],
    installed: Iterable[str],
    feeds: Mapping[str, Iterable[str]] | None = None,
    groups: Mapping[str, str] | None = None,
) -> World:
    """Read off what the workers said last, else off which plugins are installed.

    Args:
        rows: The plugins as a home remembers them.
        installed: Ids of the plugins that are installed, as their distributions' metadata names them.
        feeds: Kinds that the feed of a database group takes, by the group.
        groups: Database group of each plugin that has one.
    """
    rows, ids = list(rows), frozenset(installed)
    if rows:
        off = {"disabled", "failed", "quarantined"}
        idle = [row for row in rows if row.get("state") in off or row.get("enabled") is False]
        active = [row for row in rows if row not in idle]
        fed, unfed = _fed(rows, feeds or {}, groups or {})
        taken = _kinds(active) | frozenset(kind for kinds in fed.values() for kind in kinds)
        fresh = known_kinds(ids - {row["id"] for row in rows})
        told = [(row["id"], _kinds([row])) for row in active] + list(fed.items())
        ours = frozenset[str]().union(*(kinds & known_kinds((plugin,)) for plugin, kinds in told))
        return World(
            kinds=taken | fresh,
            off=(_kinds(idle) | unfed) - taken,
            foreign=(taken & known_kinds()) - ours - fresh,
            source="what the plugins said last",
        )
    strangers = ids - {plugin for plugin in ids if known_kinds((plugin,))}
    if not ids or strangers:
        return World()
    return World(kinds=known_kinds(ids), source="the plugins that are installed")


def _fed(
    rows: Iterable[Mapping[str, Any]], feeds: Mapping[str, Iterable[str]], groups: Mapping[str, str]
) -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    """Kinds that feeds take, under a plugin of each group, and kinds of feeds that do not run.

    A feed runs while a plugin of its group is loaded, also when people switched that one off.
    """
    fed, unfed = dict[str, frozenset[str]](), frozenset[str]()
    for group, kinds in feeds.items():
        members = [row for row in rows if groups.get(row["id"]) == group]
        loaded = [row for row in members if not _never_loaded(row)]
        if loaded:
            fed[loaded[0]["id"]] = frozenset(kinds)
        elif members:
            unfed |= frozenset(kinds)
    return fed, unfed


def _never_loaded(row: Mapping[str, Any]) -> bool:
    """It cannot run, or ``zepix.lock`` does not let it."""
    state = row.get("state")
    return state in ("failed", "quarantined") or (state == "discovered" and row.get("enabled") is False)


def _kinds(rows: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(str(kind) for row in rows for kind in row.get("alerts") or ())
