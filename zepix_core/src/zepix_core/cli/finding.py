"""One check of ``zepix doctor`` and what came of it."""

from typing import Any

import attrs

OK, WARN, BAD = "ok", "warning", "bad"


@attrs.frozen
class Finding:
    """``result`` is `OK`, `WARN` or `BAD`; ``next`` says what to do about it, or ``""``."""

    name: str
    result: str
    detail: str = ""
    next: str = ""

    @property
    def ok(self) -> bool:
        """Nothing has to be repaired; a warning alone is no reason."""
        return self.result != BAD


def as_row(finding: Finding) -> dict[str, Any]:
    """The check as scripts read it."""
    return {
        "name": finding.name,
        "ok": finding.ok,
        "detail": finding.detail,
        "next": finding.next,
        "result": finding.result,
    }
