"""Judging the text of one alert as it would arrive at the webhook."""

import re
from collections.abc import Iterator

import attrs

from zepix_core.inbox.admission import Refusal, screen
from zepix_core.pine.builtin import placeholder_hint
from zepix_core.pine.fault import Fault
from zepix_core.pine.formats import known_kinds
from zepix_core.pine.json_message import json_faults
from zepix_core.pine.pipe_message import pipe_faults
from zepix_core.pine.world import World

_SPACE = " \t\r\n"
_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}|\{\{")


@attrs.frozen(kw_only=True)
class Verdict:
    """What is thought of a message.

    Attributes:
        kind: Its kind, ``None`` when that cannot be told.
        faults: In the order of the text; empty when all is well.
    """

    kind: str | None = None
    faults: tuple[Fault, ...] = ()

    @property
    def grave(self) -> bool:
        """The alert would fail."""
        return any(fault.grave for fault in self.faults)


def judge(text: str, world: World, filled_in: bool = False) -> Verdict:
    """Judge a message; never raises.

    Args:
        filled_in: It stands where TradingView fills in ``{{…}}``: hints say how to write things there.
    """
    if not text.strip(_SPACE):
        return Verdict(faults=(Fault(0, 1, "empty", "there is no message"),))
    kind, faults = _shape_faults(text, world, filled_in)
    unresolved = tuple(_unresolved(text, filled_in))
    found = [*unresolved, *(fault for fault in faults if not _caused(fault, unresolved))]
    if "\0" in text:
        found.append(Fault(text.index("\0"), 1, "malformed_json", "a NUL character stands here"))
    if not any(fault.grave for fault in found):
        found += _refused_otherwise(text, world)
    return Verdict(kind=kind, faults=tuple(sorted(set(found), key=lambda fault: (fault.at, not fault.grave))))


def _shape_faults(text: str, world: World, filled_in: bool) -> tuple[str | None, tuple[Fault, ...]]:
    start = text.lstrip(_SPACE)
    at = len(text) - len(start)
    if start[0] in "{[" or ('":' in start and "|" not in start):
        return json_faults(text, world, filled_in)
    if "|" in start:
        return pipe_faults(text, world)
    return None, (
        Fault(at, len(start), "malformed_json", "this is neither a JSON object nor text with | in it"),
    )


def _unresolved(text: str, filled_in: bool) -> Iterator[Fault]:
    for found in _PLACEHOLDER.finditer(text):
        what = f"{found[0]} is not filled in"
        hint = placeholder_hint(found[0].strip("{} "), filled_in)
        yield Fault(found.start(), len(found[0]), "unresolved_placeholder", what, hint)


def _caused(fault: Fault, unresolved: tuple[Fault, ...]) -> bool:
    """Whether a fault is only about a placeholder that stands where a value belongs."""
    return any(
        hole.at - 1 <= fault.at <= hole.at + hole.length
        or (fault.code != "malformed_json" and fault.at <= hole.at < fault.at + fault.length)
        for hole in unresolved
    )


def _refused_otherwise(text: str, world: World) -> Iterator[Fault]:
    """The webhook has the last word: what it refuses is never called fine."""
    judged = screen(text.encode("utf-8", "surrogatepass"), (world.kinds or frozenset()) | known_kinds())
    if isinstance(judged, Refusal) and not (judged.code == "unknown_type" and world.kinds is None):
        yield Fault(0, len(text), judged.code, f"the webhook answers {judged.status} {judged.code}")
