"""What a check found, for people and for programs."""

from typing import Any

import attrs

ERROR, WARNING = "error", "warning"


@attrs.frozen(kw_only=True, order=True)
class Finding:
    """One thing found.

    Attributes:
        line, column: Where, both from 1.
        level: ``error``: alerts fail. ``warning``: they work, but not as well as they could.
        code: What is wrong in one word, the reason the house would give where there is one.
        text, hint: The same for people, and what to do.
    """

    line: int
    column: int
    level: str
    code: str
    text: str
    hint: str = ""


@attrs.frozen(kw_only=True)
class Template:
    """A place that sends an alert.

    Attributes:
        call: ``alert``, ``alertcondition``, ``alert_message``, or ``message`` for a pasted one.
        kinds: Kinds of alert it can send, in the order found.
        ways: How many different messages it can build.
    """

    line: int
    column: int
    call: str
    kinds: tuple[str, ...] = ()
    ways: int = 1


@attrs.frozen(kw_only=True)
class Report:
    """Everything a check found.

    Attributes:
        what: ``script`` or ``message``.
        plugins: Where it is known from what the plugins take.
        findings: In the order of the text.
        sample: An alert that is taken; ``None`` when alerts would fail, or no message can be told.
    """

    what: str
    plugins: str
    templates: tuple[Template, ...] = ()
    findings: tuple[Finding, ...] = ()
    sample: str | None = None

    @property
    def fine(self) -> bool:
        """Nothing found makes an alert fail."""
        return all(finding.level != ERROR for finding in self.findings)

    @property
    def no_sample(self) -> str:
        """Why there is no sample, as the end of a sentence."""
        return "no message can be told from it" if self.fine else "alerts would fail"


def as_row(report: Report) -> dict[str, Any]:
    """The report for programs."""
    return {"fine": report.fine, **attrs.asdict(report)}


def as_text(report: Report, name: str) -> str:
    """The report for people: a line for each finding, its hint below, and what was read."""
    lines = []
    for finding in report.findings:
        place = f"{name}:{finding.line}:{finding.column}"
        lines.append(f"{place}: {finding.level} {finding.code}: {finding.text}")
        if finding.hint:
            lines.append(f"    {finding.hint}")
    kinds = list(dict.fromkeys(kind for template in report.templates for kind in template.kinds))
    errors = sum(finding.level == ERROR for finding in report.findings)
    warnings = len(report.findings) - errors
    count = len(report.templates)
    read = (
        f"{count} place{'s' * (count != 1)} that send{'s' * (count == 1)} alerts"
        if report.what == "script"
        else "1 message"
    )
    if count:
        lines.append(f"Read {read}: {', '.join(kinds) or 'no kind of alert that is known'}.")
    else:
        lines.append("No alert could be read." if errors else "The script sends no alerts.")
    lines.append(f"What is taken is known from {report.plugins}." if report.plugins else _UNKNOWN)
    verdict = "Alerts would fail." if errors else "Fine."
    lines.append(f"{verdict} {errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}.")
    return "\n".join(lines)


_UNKNOWN = "What the installed plugins take is not known yet: run `zepix run` once."
