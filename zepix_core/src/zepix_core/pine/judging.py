"""Judging one message that a script or a text sends, each finding by its place there."""

import re
from collections.abc import Iterator

import attrs

from zepix_core.pine.builtin import INSTEAD, PLACEHOLDER, placeholder_hint, placeholder_kind
from zepix_core.pine.fault import Fault
from zepix_core.pine.filling import Filled, fill, freshened, with_placeholders
from zepix_core.pine.grouping import grouped_numbers
from zepix_core.pine.identity import constant_id, known_times
from zepix_core.pine.message import Verdict, judge
from zepix_core.pine.messages import FILLED_IN, PASTED
from zepix_core.pine.parts import Hole, Literal, Part, Way
from zepix_core.pine.pipe_message import is_shift
from zepix_core.pine.report import ERROR, WARNING, Finding
from zepix_core.pine.script import Places
from zepix_core.pine.stop_sides import side_faults
from zepix_core.pine.world import World

_ODD = re.compile(r"[^\w./,|\s{}\"-]")
"""Never part of a field of separated text as senders write it."""


@attrs.frozen(kw_only=True)
class Judged:
    """What is thought of one message.

    Attributes:
        kind: Its kind, ``None`` when that cannot be told.
        sample: The message as it could be sent now; ``None`` when it would fail.
    """

    kind: str | None = None
    findings: tuple[Finding, ...] = ()
    sample: str | None = None


def judge_sent(way: Way, call: str, world: World, now_ns: int, places: Places) -> Judged:
    """Judge a message that a script sends by ``call`` (`zepix_core.pine.report.Template`)."""
    told = list(way.faults)
    if _unreadable(way):
        what = "what this sends cannot be told from the script"
        hint = "Paste a message it has sent into `zepix pine check -`."
        told = told or [Fault(_start(way.parts[0]), 1, "not_readable", what, hint, grave=False)]
    elif _is_sentence(way):
        what = "this alert is a sentence: a webhook that gets it answers 400 malformed_json"
        told.append(Fault(_start(way.parts[0]), 1, "not_a_message", what, grave=False))
    else:
        return judge_parts(way.parts, call, world, now_ns, places, way.faults)
    told += _placeholders(way.parts, call)
    return Judged(findings=tuple(placed(fault, places) for fault in told))


def judge_parts(
    parts: tuple[Part, ...],
    call: str,
    world: World,
    now_ns: int,
    places: Places,
    known: tuple[Fault, ...] = (),
) -> Judged:
    """Judge what is a message for certain; ``known`` are faults of how it is made."""
    told = [*known, *_placeholders(parts, call)]
    filled = fill(with_placeholders(parts), now_ns)
    verdict = judge(filled.text, world, filled_in=call in FILLED_IN)
    instead = _other_separator(parts, world, now_ns) if _shifts(verdict) else None
    if instead is not None:
        told.append(instead)
        verdict = attrs.evolve(verdict, faults=())
    # What a script computes, or nobody filled in, is a sample: only a pasted price is held against its stop.
    unfilled = any(fault.code == "unresolved_placeholder" for fault in told)
    sides = call == PASTED and not verdict.grave and not unfilled
    found = [
        *known_times(filled, verdict.faults),
        *(constant_id(filled, call in FILLED_IN) if call != PASTED and not verdict.grave else ()),
        *grouped_numbers(filled),
        *(side_faults(filled.text, verdict.kind) if sides else ()),
    ]
    findings = [placed(fault, places) for fault in told]
    spoken = {(one.line, one.column, one.code) for one in findings}
    later = (placed(attrs.evolve(fault, at=_traced(fault, filled)), places) for fault in found)
    findings += [one for one in later if (one.line, one.column, one.code) not in spoken]
    fails = any(one.level == ERROR for one in findings)
    sample = None if fails else freshened(filled.text.strip(), now_ns)
    return Judged(kind=verdict.kind, findings=tuple(findings), sample=sample)


def placed(fault: Fault, places: Places) -> Finding:
    """A fault as it is reported; ``fault.at`` is an offset in the script."""
    line, column = places.place(fault.at)
    level = ERROR if fault.grave else WARNING
    return Finding(line=line, column=column, level=level, code=fault.code, text=fault.text, hint=fault.hint)


def _shifts(verdict: Verdict) -> bool:
    return any(is_shift(fault.code) or fault.code == "unknown_type" for fault in verdict.faults)


def _other_separator(parts: tuple[Part, ...], world: World, now_ns: int) -> Fault | None:
    """A character that stands where a separator belongs, when that alone explains what is wrong."""
    literals = [part for part in parts if isinstance(part, Literal)]
    if not any("|" in part.text for part in literals):
        return None
    odd = {part.offsets[one.start()]: one[0] for part in literals for one in _ODD.finditer(part.text)}
    for at, character in odd.items():
        whole = tuple(_separated(part, at) if isinstance(part, Literal) else part for part in parts)
        verdict = judge(fill(with_placeholders(whole), now_ns).text, world)
        if verdict.kind is not None and not _shifts(verdict):
            return Fault(at, 1, "field_count", f"a separator | belongs here, not {character!r}")
    return None


def _separated(part: Literal, at: int) -> Literal:
    """With a separator for the character from that place; a function that is called twice sends it twice."""
    text = "".join(
        "|" if offset == at else character for character, offset in zip(part.text, part.offsets, strict=True)
    )
    return attrs.evolve(part, text=text)


def _start(part: Part) -> int:
    return part.at if isinstance(part, Hole) else part.offsets[0]


def _unreadable(way: Way) -> bool:
    """It begins with a hole, so that not even its format can be told."""
    text = "".join(part.text for part in way.parts if isinstance(part, Literal))
    return not text.strip() or isinstance(way.parts[0], Hole)


def _is_sentence(way: Way) -> bool:
    text = "".join(part.text for part in way.parts if isinstance(part, Literal))
    return text.lstrip()[:1] not in ("{", "[") and "|" not in text and '":' not in text


def _placeholders(parts: tuple[Part, ...], call: str) -> Iterator[Fault]:
    """``{{…}}`` that nobody fills in: in an alert's box and the like those TradingView does not know."""
    for part in parts:
        if not isinstance(part, Literal):
            continue
        for found in PLACEHOLDER.finditer(part.text):
            at, name = part.offsets[found.start()], found[1].strip()
            if call in FILLED_IN and placeholder_kind(name) is not None:
                continue
            hint = placeholder_hint(name, filled_in=call in FILLED_IN)
            text = f"{found[0]} is no placeholder that TradingView fills in"
            if call == PASTED:
                text = f"{found[0]} is not filled in"
            elif call not in FILLED_IN:
                hint = f"Write {INSTEAD.get(name, 'the value itself')} outside the quotes instead."
                text = f"{found[0]} inside alert() is never filled in: every such alert is refused"
            yield Fault(at, len(found[0]), "unresolved_placeholder", text, hint)


def _traced(fault: Fault, filled: Filled) -> int:
    """The offset in the script of what a fault of the filled message is about."""
    if not filled.places:
        return fault.at
    inside = min(fault.at, len(filled.places) - 1)
    at = filled.places[inside][0] + (fault.at - inside)
    end = fault.at + fault.length
    if fault.code == "malformed_json" or filled.text[inside] != '"' or filled.text[end - 1 : end] != '"':
        return at
    # A value is where it comes from, not where the quote around it stands.
    value = filled.places[min(inside + 1, len(filled.places) - 1)][0]
    return at if value == at + 1 or fault.length < 3 else value
