"""What plugins report of themselves, in a whole host: shown, kept over restarts, hidden, forgotten."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.core.plugins.conftest import Site

from zepix_core.cli.checkup import report_findings
from zepix_core.cli.plugins.list import stopped_rows
from zepix_core.cli.reports import full_line, kept_reports, short_line
from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.host import PaperHost

SOURCE = '''
from zepix_core import AlertClass, Decision, LogicPlugin, Verdict, hookimpl


class Teller(LogicPlugin):
    """Reports what its alerts say."""

    alerts = {"say": AlertClass.INFO}

    @hookimpl
    async def on_alert(self, alert, api):
        told = alert.json()
        await api.report(told["name"], told["text"], level=told["level"], next=told.get("next", ""))
        return Decision(verdict=Verdict.ACTED, action="say")
'''
Make = Callable[..., PaperHost]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Hosts on one home and one clock; with the plugin, or without it."""
    (tmp_path / "site").mkdir()
    site = Site(tmp_path / "site")
    site.install("teller", {"teller": "teller:Teller"}, source=SOURCE)
    clock = VirtualClock()

    def make(installed: bool = True, **options: Any) -> PaperHost:
        paths = (str(site.path),) if installed else ()
        only = ("teller",) if installed else ()
        return PaperHost(tmp_path / "home", clock=clock, only=only, paths=paths, **options)

    return make


async def say(host: PaperHost, name: str, text: str, level: str = "warning", then: str = "") -> None:
    body = {"type": "say", "symbol": "EURUSD", "name": name, "text": text, "level": level, "next": then}
    assert (await host.post(json.dumps(body))).status == 200
    await host.settled()


def told(host: PaperHost) -> list[str]:
    return [f"{report.plugin} {report.name}: {report.text}" for report in host.host.front.reports()]


async def test_a_report_survives_a_restart_until_it_is_cleared(make: Make) -> None:
    async with make() as host:
        await say(host, "trend 60", "is missing")
        assert told(host) == ["teller trend 60: is missing"]
    async with make() as host:
        assert told(host) == ["teller trend 60: is missing"]
        await say(host, "trend 60", "")
        assert told(host) == []


async def test_reports_of_a_plugin_that_is_switched_off_wait_until_it_runs(make: Make) -> None:
    async with make() as host:
        await say(host, "trend 60", "is missing")
        await host.host.front.switch_plugin("teller", False, "test")
        assert told(host) == []
        await host.host.front.switch_plugin("teller", True, "test")
        assert told(host) == ["teller trend 60: is missing"]


async def test_reports_of_a_removed_plugin_are_forgotten(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sys.path.copy()
    async with make() as host:
        await say(host, "trend 60", "is missing")
    monkeypatch.setattr(sys, "path", before)
    async with make(installed=False) as host:
        assert told(host) == []
    async with make() as host:
        assert told(host) == []


async def test_a_stopped_host_is_asked_by_its_files(make: Make) -> None:
    async with make() as host:
        await say(host, "trend 60", "is missing")
    (report,) = kept_reports(host.home)
    assert {row["id"]: row["reports"] for row in stopped_rows(host.home)}["teller"] == [report]
    assert full_line(report) == "teller: warning trend 60: is missing"


def row(level: str, then: str = "", until: str | None = None) -> dict[str, Any]:
    return {"plugin": "p", "name": "mood", "text": "bad", "level": level, "next": then, "until": until}


def test_the_checkup_has_a_row_for_what_somebody_should_look_at() -> None:
    found = list(report_findings([row("error", "Do it."), row("warning"), row("info")]))
    assert [(one.name, one.result, one.detail, one.next) for one in found] == [
        ("p: mood", "bad", "bad", "Do it."),
        ("p: mood", "warning", "bad", "See `zepix logs`."),
    ]


def test_a_line_says_how_grave_it_is_and_until_when_it_holds() -> None:
    assert (
        short_line(row("info", until="2026-01-05T12:00:00.000Z"))
        == "mood: bad (until 2026-01-05T12:00:00.000Z)"
    )
    assert full_line(row("error")) == "p: ERROR mood: bad"
