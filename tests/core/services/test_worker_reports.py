"""Arguments of ``api.report``."""

from datetime import UTC, datetime
from typing import Any

import pytest

from zepix_core.errors import BadArgument
from zepix_core.model.report import ReportLevel
from zepix_core.services.worker_reports import report_request

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def test_a_report_keeps_what_it_was_given() -> None:
    request = report_request("trend 60", "is missing", "warning", NOON, "Switch the alert on.")
    assert (request.name, request.text, request.level) == ("trend 60", "is missing", ReportLevel.WARNING)
    assert (request.until_ns, request.next) == (1_767_614_400_000_000_000, "Switch the alert on.")


def test_an_empty_text_passes_to_clear() -> None:
    assert report_request("trend 60", "", "info", None, "").text == ""


@pytest.mark.parametrize(
    ("name", "text", "level", "until", "then"),
    [
        ("", "x", "info", None, ""),
        ("n" * 61, "x", "info", None, ""),
        ("name", "x" * 301, "info", None, ""),
        ("name", None, "info", None, ""),
        ("name", "x", "critical", None, ""),
        ("name", "x", "info", datetime(2026, 1, 5), ""),  # noqa: DTZ001 (what is refused)
        ("name", "x", "info", 17, ""),
        ("name", "x", "info", datetime(2300, 1, 1, tzinfo=UTC), ""),
        ("name", "x", "info", None, "x" * 301),
    ],
)
def test_a_wrong_argument_is_the_callers_mistake(
    name: Any, text: Any, level: Any, until: Any, then: Any
) -> None:
    with pytest.raises(BadArgument):
        report_request(name, text, level, until, then)
