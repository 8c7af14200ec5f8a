"""What `zepix doctor` says of plugins that nobody let run."""

from typing import Any

import pytest

from zepix_core.cli import checkup


def row(**more: Any) -> dict[str, Any]:
    base = {"id": "p", "distribution": "dist", "version": "1", "reason": "", "state": "discovered"}
    return {**base, "enabled": False, "reports": [], **more}


@pytest.mark.parametrize(
    ("told", "detail", "hint"),
    [
        (row(), "dist 1 is not enabled", "zepix plugins enable p"),
        (row(enabled=True), "dist 1", ""),
        (row(state="quarantined", reason="deaths"), "dist 1 deaths", "zepix plugins enable p"),
    ],
)
def test_a_plugin_that_waits_is_named_with_the_command_that_enables_it(
    told: dict[str, Any], detail: str, hint: str
) -> None:
    finding = checkup.stopped_plugin(told)
    assert (finding.name, finding.detail, finding.next) == ("plugin p", detail, hint)


def test_the_plugins_of_a_running_host_that_wait_are_named_alike() -> None:
    finding = checkup.running_plugin(row())
    assert (finding.result, finding.next) == ("ok", "zepix plugins enable p")
    assert checkup.running_plugin(row(enabled=True, state="active")).next == ""


def test_a_symbol_that_waits_for_a_person_is_named_with_what_to_do() -> None:
    told = {"plugin": "bracket", "symbol": "EURUSD", "why": "who knows"}
    (finding,) = checkup.held_findings([told])
    assert (finding.name, finding.result) == ("bracket on EURUSD", "warning")
    assert "who knows" in finding.detail
    assert "zepix reconcile" in finding.next and "zepix resume" in finding.next
