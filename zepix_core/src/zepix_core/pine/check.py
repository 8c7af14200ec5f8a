"""Checking a Pine script or a pasted message as a whole."""

import re
from collections.abc import Iterable

import attrs

from zepix_core.pine.fault import Fault
from zepix_core.pine.formats import is_entry
from zepix_core.pine.judging import Judged, judge_parts, judge_sent, placed
from zepix_core.pine.messages import BOX, PASTED
from zepix_core.pine.parts import Literal, Ways
from zepix_core.pine.pipe_message import is_shift
from zepix_core.pine.reading import Sent, read_alerts
from zepix_core.pine.report import ERROR, Finding, Report, Template
from zepix_core.pine.script import Places, read_script
from zepix_core.pine.world import World

_SCRIPT = re.compile(
    r"^\s*//|^\s*(?:indicator|strategy|library|study)\s*\(|\balert(?:condition)?\s*\("
    r"|^\s*[a-z_][\w.]*\([^\n]*\)\s*(?://[^\n]*)?$",
    re.MULTILINE,
)
"""A comment, a declaration, an alert, or a line that is a call."""


def is_script(text: str) -> bool:
    """Whether a text is Pine rather than a message."""
    return text.lstrip()[:1] not in ("{", "[") and _SCRIPT.search(text) is not None


def check_message(text: str, world: World, now_ns: int, box: bool = False) -> Report:
    """Check a message as it would arrive.

    Args:
        box: The text stands in an alert's message box, where TradingView fills in what it knows of ``{{…}}``.
        now_ns: When its sample is sent, UTC.
    """
    places = Places(text)
    whole = (Literal(text, tuple(range(len(text)))),)
    judged = judge_parts(whole, BOX if box else PASTED, world, now_ns, places)
    line, column = places.place(len(text) - len(text.lstrip()))
    kinds = (judged.kind,) if judged.kind else ()
    template = Template(line=line, column=column, call=PASTED, kinds=kinds)
    return _report("message", world, (template,), judged.findings, [judged])


def check_script(text: str, world: World, now_ns: int) -> Report:
    """Check every alert that a script can send. ``now_ns`` is when its sample is sent, UTC."""
    script, places = read_script(text), Places(text)
    findings = [
        placed(Fault(token.at, 1, "unclosed_text", "the quote opened here is never closed"), places)
        for token in script.unclosed
    ]
    sent = _joined(read_alerts(script))
    templates, judged = [], list[Judged]()
    for one in sent:
        found = [judge_sent(way, one.call, world, now_ns, places) for way in one.ways]
        line, column = places.place(one.at)
        kinds = tuple(dict.fromkeys(way.kind for way in found if way.kind))
        templates.append(Template(line=line, column=column, call=one.call, kinds=kinds, ways=len(found)))
        judged += _first_only(found)
    findings += [finding for way in judged for finding in way.findings]
    if not sent and not findings:
        what = "the script sends no alert: no alert(), alertcondition() or alert_message was found"
        findings.append(placed(Fault(0, 1, "no_alert", what, grave=False), places))
    return _report("script", world, tuple(templates), findings, judged)


def _first_only(ways: list[Judged]) -> list[Judged]:
    """Of faults that may be shifted fields only the call's first: the rest may follow from it."""
    shifted = {finding for way in ways for finding in way.findings if is_shift(finding.code)}
    later = shifted - {min(shifted)} if shifted else shifted
    return [
        attrs.evolve(way, findings=tuple(finding for finding in way.findings if finding not in later))
        for way in ways
    ]


def _report(
    what: str,
    world: World,
    templates: tuple[Template, ...],
    findings: Iterable[Finding],
    judged: Iterable[Judged],
) -> Report:
    """The report; its sample is an entry where there is one."""
    found = tuple(sorted(set(findings)))
    fails = any(finding.level == ERROR for finding in found)
    samples = [] if fails else [(way.kind or "", way.sample) for way in judged if way.sample]
    samples.sort(key=lambda pair: not is_entry(pair[0]))
    sample = samples[0][1] if samples else None
    return Report(what=what, plugins=world.source, templates=templates, findings=found, sample=sample)


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
