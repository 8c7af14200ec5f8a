"""What a plugin reports of itself, checked at its door."""

from datetime import datetime

from zepix_core.clock import nanoseconds
from zepix_core.errors import BadArgument
from zepix_core.model.report import ReportLevel
from zepix_core.services import arguments
from zepix_core.services.calls import ReportRequest

LONGEST_NAME = 60
LONGEST_TEXT = 300
LATEST_NS = 2**63 - 1
LEVELS = tuple(level.value for level in ReportLevel)


def report_request(name: str, text: str, level: str, until: datetime | None, next: str) -> ReportRequest:
    """The request of ``api.report``.

    Raises:
        BadArgument: An argument is none of those that `ServiceAPI.report` takes.
    """
    return ReportRequest(
        name=arguments.text("name", name, longest=LONGEST_NAME),
        text="" if text == "" else arguments.text("text", text, longest=LONGEST_TEXT),
        level=ReportLevel(arguments.one_of("level", level, LEVELS)),
        next="" if next == "" else arguments.text("next", next, longest=LONGEST_TEXT),
        until_ns=None if until is None else _moment(until),
    )


def _moment(until: datetime) -> int:
    if not isinstance(until, datetime) or until.tzinfo is None:
        raise BadArgument(
            f"until must be a datetime with a timezone, not {until!r}.", "Use api.now() + timedelta()."
        )
    found = max(nanoseconds(until), 0)
    if found > LATEST_NS:
        raise BadArgument(f"until is too late: {until}.", "Leave it out: the report holds until cleared.")
    return found
