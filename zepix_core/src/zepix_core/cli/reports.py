"""What plugins report of themselves, in words."""

from collections.abc import Mapping
from typing import Any

from zepix_core.cli.finding import BAD, OK, WARN
from zepix_core.cli.source import from_file
from zepix_core.clock import SystemClock
from zepix_core.config.home import Home
from zepix_core.journal.reports import in_force, stored

RESULTS = {"error": BAD, "warning": WARN, "info": OK}
MARKS = {"error": "ERROR ", "warning": "warning ", "info": ""}
Row = Mapping[str, Any]


def kept_reports(home: Home) -> list[dict[str, Any]]:
    """Those in the files of a stopped host that would still hold."""
    now_ns = SystemClock().now_ns()
    found: list[dict[str, Any]] | None = from_file(
        home.journal_db, lambda connection: in_force(stored(connection), now_ns)
    )
    return found or []


def full_line(report: Row) -> str:
    """With who tells it: for a list of several plugins."""
    return f"{report['plugin']}: {short_line(report)}"


def short_line(report: Row) -> str:
    """Name, text, and until when it holds."""
    until = f" (until {report['until']})" if report["until"] else ""
    return f"{MARKS[report['level']]}{report['name']}: {report['text']}{until}"
