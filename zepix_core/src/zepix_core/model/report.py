"""What a plugin reports of itself, for as long as it holds: one line of ``zepix status``."""

from enum import StrEnum

import attrs


class ReportLevel(StrEnum):
    """How grave it is: ``warning`` and ``error`` are findings of ``zepix doctor``, ``error`` a bad one."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@attrs.frozen(kw_only=True)
class Report:
    """One report; another one of the same plugin and name takes its place.

    Attributes:
        next: What a person should do about it, or ``""``.
        since: When that text was first told, ISO 8601 UTC.
        until: When it ends by itself, ISO 8601 UTC; ``None``: when the plugin clears it.
    """

    plugin: str
    name: str
    text: str
    level: ReportLevel = ReportLevel.INFO
    next: str = ""
    since: str = ""
    until: str | None = None
