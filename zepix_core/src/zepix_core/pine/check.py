"""Checking a Pine script or a pasted message as a whole."""

import re
from collections.abc import Iterator

import attrs

from zepix_core.pine.builtin import INSTEAD, PLACEHOLDER, placeholder_kind
from zepix_core.pine.fault import Fault
from zepix_core.pine.filling import Filled, fill, sample_of, with_placeholders
from zepix_core.pine.message import Verdict, judge
from zepix_core.pine.messages import FILLED_IN
from zepix_core.pine.object_text import read_object_text
from zepix_core.pine.parts import Hole, Literal, Part, Way, Ways
from zepix_core.pine.reading import Sent, read_alerts
from zepix_core.pine.report import ERROR, WARNING, Finding, Report, Template
from zepix_core.pine.script import Places, read_script
from zepix_core.pine.world import World

_SCRIPT = re.compile(
    r"^\s*//\s*@version\s*=|^\s*(?:indicator|strategy|library|study)\s*\(|\balert(?:condition)?\s*\(",
    re.MULTILINE,
)


def is_script(text: str) -> bool:
    """Whether a text is Pine rather than a message."""
    return text.lstrip()[:1] not in ("{", "[") and _SCRIPT.search(text) is not None


def check_message(text: str, world: World, now_ns: int, box: bool = False) -> Report:
    """Check a message as it would arrive.

    Args:
        box: The text stands in an alert's message box, where TradingView fills in what it knows of ``{{…}}``.
        now_ns: When its sample is sent, UTC.
    """
    whole: tuple[Part, ...] = (Literal(text, tuple(range(len(text)))),)
    filled = fill(with_placeholders(whole) if box else whole, now_ns)
    verdict, places = judge(filled.text, world), Places(text)
    findings = [_finding(fault, filled, places) for fault in verdict.faults]
    if box:
        findings += [_placed(fault, places) for fault in _constant_id(filled, verdict)]
    line, column = places.place(len(text) - len(text.lstrip()))
    kinds = (verdict.kind,) if verdict.kind else ()
    sample = filled.text.strip() if not verdict.grave else None
    if sample is None and verdict.kind:
        sample = sample_of(verdict.kind, "|" in text and text.lstrip()[:1] != "{", now_ns)
    return Report(
        what="message",
        plugins=world.source,
        templates=(Template(line=line, column=column, call="message", kinds=kinds),),
        findings=tuple(sorted(set(findings))),
        sample=sample,
    )


def check_script(text: str, world: World, now_ns: int) -> Report:
    """Check every alert that a script can send. ``now_ns`` is when its sample is sent, UTC."""
    script, places = read_script(text), Places(text)
    findings = [
        _placed(Fault(token.at, 1, "unclosed_text", "the quote opened here is never closed"), places)
        for token in script.unclosed
    ]
    sent = _joined(read_alerts(script))
    judged = [_judge_sent(one, world, now_ns, places) for one in sent]
    findings += [finding for _, found, _ in judged for finding in found]
    if not sent:
        what = "the script sends no alert: no alert(), alertcondition() or alert_message was found"
        findings.append(_placed(Fault(0, 1, "no_alert", what, grave=False), places))
    samples = [sample for _, _, sample in judged if sample is not None]
    templates = tuple(template for template, _, _ in judged)
    kinds = [kind for template in templates for kind in template.kinds]
    if not samples and kinds:
        made = [sample_of(kind, pipe, now_ns) for kind in kinds for pipe in (False, True)]
        samples = [sample for sample in made if sample is not None]
    return Report(
        what="script",
        plugins=world.source,
        templates=templates,
        findings=tuple(sorted(set(findings))),
        sample=samples[0] if samples else None,
    )


def _joined(sent: list[Sent]) -> list[Sent]:
    """Each place once, with every message it was seen to send; a message without text is sent by nobody."""
    joined: dict[tuple[str, int], Ways] = {}
    for one in sent:
        key = (one.call, one.at)
        joined[key] = (
            *joined.get(key, ()),
            *(way for way in one.ways if way.parts and way.literal not in ("", "NaN")),
        )
    return [Sent(call, at, ways) for (call, at), ways in joined.items()]


def _judge_sent(
    sent: Sent, world: World, now_ns: int, places: Places
) -> tuple[Template, list[Finding], str | None]:
    findings: list[Finding] = []
    kinds: list[str] = []
    sample = None
    for way in sent.ways:
        if _unreadable(way):
            what = "what this sends cannot be told from the script"
            hint = "Paste a message it has sent into `zepix pine check -`."
            findings.append(_placed(Fault(sent.at, 1, "not_readable", what, hint, grave=False), places))
            continue
        told = [_placed(fault, places) for fault in _placeholders(way, sent.call)]
        findings += told
        filled = fill(with_placeholders(way.parts), now_ns)
        verdict = judge(filled.text, world)
        if _is_sentence(filled.text):
            what = "this alert is a sentence: a webhook that gets it answers 400 malformed_json"
            findings.append(_placed(Fault(sent.at, 1, "not_a_message", what, grave=False), places))
            continue
        found = [_finding(fault, filled, places) for fault in verdict.faults]
        same = {(one.line, one.column, one.code) for one in told}
        findings += [one for one in found if (one.line, one.column, one.code) not in same]
        findings += [_placed(fault, places) for fault in _constant_id(filled, verdict)]
        kinds += [verdict.kind] if verdict.kind else []
        sample = sample or (filled.text if not verdict.grave else None)
    line, column = places.place(sent.at)
    known = tuple(dict.fromkeys(kinds))
    template = Template(line=line, column=column, call=sent.call, kinds=known, ways=len(sent.ways))
    return template, findings, sample


def _unreadable(way: Way) -> bool:
    """It begins with a hole, so that not even its format can be told."""
    text = "".join(part.text for part in way.parts if isinstance(part, Literal))
    return not text.strip() or isinstance(way.parts[0], Hole)


def _is_sentence(text: str) -> bool:
    return text.lstrip()[:1] not in ("{", "[") and "|" not in text and '":' not in text


def _placeholders(way: Way, call: str) -> Iterator[Fault]:
    """``{{…}}`` that nobody fills in: in ``alert()`` all, elsewhere those TradingView does not know."""
    for part in way.parts:
        if not isinstance(part, Literal):
            continue
        for found in PLACEHOLDER.finditer(part.text):
            at, name = part.offsets[found.start()], found[1].strip()
            if call not in FILLED_IN:
                hint = f"Write {INSTEAD.get(name, 'the value itself')} outside the quotes instead."
                text = f"{found[0]} inside alert() is never filled in: every such alert is refused"
                yield Fault(at, len(found[0]), "unresolved_placeholder", text, hint)
            elif placeholder_kind(name) is None:
                text = f"{found[0]} is no placeholder that TradingView fills in"
                yield Fault(at, len(found[0]), "unresolved_placeholder", text)


def _constant_id(filled: Filled, verdict: Verdict) -> Iterator[Fault]:
    """An id that never changes makes every alert after the first a replay."""
    if verdict.grave or filled.text.lstrip()[:1] != "{":
        return
    for entry in read_object_text(filled.text).entries:
        if entry.key in ("id", "alert_id") and entry.value and not _filled_in(filled, entry.at, entry.end):
            text = f"{entry.key} is the same in every alert: the second one is refused as replayed"
            yield Fault(filled.places[entry.at][0], 1, "constant_id", text, "Put the bar's time into it.")


def _filled_in(filled: Filled, at: int, end: int) -> bool:
    return any(place in filled.holes for place in range(at, end))


def _finding(fault: Fault, filled: Filled, places: Places) -> Finding:
    """A fault of the filled message, by its place in the script."""
    if not filled.places:
        return _placed(fault, places)
    inside = min(fault.at, len(filled.places) - 1)
    at = filled.places[inside][0] + (fault.at - inside)
    return _placed(attrs.evolve(fault, at=at), places)


def _placed(fault: Fault, places: Places) -> Finding:
    line, column = places.place(fault.at)
    level = ERROR if fault.grave else WARNING
    return Finding(line=line, column=column, level=level, code=fault.code, text=fault.text, hint=fault.hint)
