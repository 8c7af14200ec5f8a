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


def world_of(rows: Iterable[Mapping[str, Any]], installed: Iterable[str]) -> World:
    """Read off what the workers said last, else off which plugins are installed.

    Args:
        rows: The plugins as a home remembers them.
        installed: Ids of the plugins that are installed, as their distributions' metadata names them.
    """
    rows, ids = list(rows), frozenset(installed)
    if rows:
        off = {"disabled", "failed", "quarantined"}
        idle = [row for row in rows if row.get("state") in off or row.get("enabled") is False]
        active = [row for row in rows if row not in idle]
        taken = _kinds(active)
        fresh = known_kinds(ids - {row["id"] for row in rows})
        ours = frozenset[str]().union(*(_kinds([row]) & known_kinds((row["id"],)) for row in active))
        return World(
            kinds=taken | fresh,
            off=_kinds(idle) - taken,
            foreign=(taken & known_kinds()) - ours - fresh,
            source="what the plugins said last",
        )
    strangers = ids - {plugin for plugin in ids if known_kinds((plugin,))}
    if not ids or strangers:
        return World()
    return World(kinds=known_kinds(ids), source="the plugins that are installed")


def _kinds(rows: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(str(kind) for row in rows for kind in row.get("alerts") or ())
