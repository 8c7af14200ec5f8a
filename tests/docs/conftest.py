"""At the end of a run: what each test compared, and how many of it."""

from collections.abc import Callable

import pytest

Tell = Callable[[str], None]


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Note a line for the list at the end of the run."""
    return lambda line: record_property("compared", line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    lines = [
        str(line)
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, line in report.user_properties
        if name == "compared"
    ]
    if lines:
        terminalreporter.section("documentation: what was compared")
        for line in sorted(lines):
            terminalreporter.write_line(line)
