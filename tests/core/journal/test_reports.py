"""What plugins report of themselves: kept, replaced, ended, bounded, forgotten."""

import sqlite3
from pathlib import Path

import pytest

from zepix_core.clock import NS
from zepix_core.errors import BadArgument
from zepix_core.journal.opening import open_journal, prepare_journal
from zepix_core.journal.reports import MOST, Reports
from zepix_core.model.report import Report, ReportLevel
from zepix_core.services.calls import ReportRequest
from zepix_core.storage.executor import Executor
from zepix_core.testing.clock import VirtualClock


@pytest.fixture
async def journal(tmp_path: Path, clock: VirtualClock) -> Executor:
    journal = open_journal(tmp_path / "journal.db", True)
    await prepare_journal(journal, clock, {})
    return journal


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def reports(journal: Executor, clock: VirtualClock) -> Reports:
    return Reports(journal, clock)


def said(
    name: str, text: str, level: ReportLevel = ReportLevel.INFO, until_ns: int | None = None
) -> ReportRequest:
    return ReportRequest(name=name, text=text, level=level, until_ns=until_ns)


def lines(rows: tuple[Report, ...]) -> list[str]:
    return [f"{row.plugin} {row.name}: {row.text}" for row in rows]


async def test_the_same_name_replaces_and_an_empty_text_clears(reports: Reports) -> None:
    await reports.take("v3", said("mood", "good"))
    await reports.take("v3", said("mood", "better"))
    await reports.take("v6", said("mood", "fair"))
    assert lines(reports.now()) == ["v3 mood: better", "v6 mood: fair"]
    await reports.take("v3", said("mood", ""))
    assert lines(reports.now()) == ["v6 mood: fair"]


async def test_the_gravest_stand_first(reports: Reports) -> None:
    await reports.take("a", said("one", "x"))
    await reports.take("b", said("two", "x", ReportLevel.ERROR))
    await reports.take("c", said("three", "x", ReportLevel.WARNING))
    assert [row.plugin for row in reports.now()] == ["b", "c", "a"]


async def test_a_report_ends_at_its_time(reports: Reports, clock: VirtualClock) -> None:
    await reports.take("v3", said("squeeze", "a big move", until_ns=clock.now_ns() + 300 * NS))
    clock.advance(299.0)
    assert lines(reports.now()) == ["v3 squeeze: a big move"]
    clock.advance(1.0)
    assert reports.now() == ()


async def test_a_time_that_is_past_clears(reports: Reports, clock: VirtualClock) -> None:
    await reports.take("v3", said("squeeze", "a big move"))
    await reports.take("v3", said("squeeze", "a big move", until_ns=clock.now_ns()))
    assert reports.now() == ()


async def test_since_stays_while_text_and_level_do(reports: Reports, clock: VirtualClock) -> None:
    await reports.take("v3", said("mood", "good"))
    (first,) = reports.now()
    clock.advance(60.0)
    await reports.take("v3", said("mood", "good", until_ns=clock.now_ns() + NS))
    (later,) = reports.now()
    assert later.since == first.since
    await reports.take("v3", said("mood", "good", ReportLevel.WARNING))
    assert reports.now()[0].since > first.since


async def test_a_restart_knows_them(reports: Reports, journal: Executor, clock: VirtualClock) -> None:
    await reports.take("v3", said("mood", "good", ReportLevel.WARNING))
    again = Reports(journal, clock)
    await again.load()
    assert again.now() == reports.now() != ()


async def test_what_is_told_again_unchanged_is_not_written(reports: Reports, journal: Executor) -> None:
    await reports.take("v3", said("mood", "good"))
    await journal.run(lambda connection: connection.execute("DELETE FROM host_state"))
    await reports.take("v3", said("mood", "good"))
    rows = await journal.read(lambda c: c.execute("SELECT count(*) FROM host_state").fetchone())
    assert rows == (0,)


async def test_a_plugin_reports_only_so_much(reports: Reports, clock: VirtualClock) -> None:
    for number in range(MOST):
        await reports.take("v3", said(str(number), "x", until_ns=clock.now_ns() + NS))
    with pytest.raises(BadArgument, match="50 things"):
        await reports.take("v3", said("another", "x"))
    await reports.take("v3", said("7", "it may change"))
    await reports.take("v6", said("another", "it is somebody else's"))
    clock.advance(2.0)
    await reports.take("v3", said("another", "those that ended count no more"))
    assert len(reports.now()) == 3


async def test_those_of_a_removed_plugin_are_forgotten(
    reports: Reports, journal: Executor, clock: VirtualClock
) -> None:
    await reports.take("v3", said("mood", "good"))
    await reports.take("v3_more", said("mood", "good"))
    await reports.keep({"v3_more"})
    again = Reports(journal, clock)
    await again.load()
    assert lines(again.now()) == lines(reports.now()) == ["v3_more mood: good"]


async def test_what_cannot_be_written_does_not_count_as_told(reports: Reports, journal: Executor) -> None:
    await journal.run(lambda connection: connection.execute("ALTER TABLE host_state RENAME TO away"))
    with pytest.raises(sqlite3.OperationalError):
        await reports.take("v3", said("mood", "good"))
    assert reports.now() == ()
    await journal.run(lambda connection: connection.execute("ALTER TABLE away RENAME TO host_state"))
    await reports.take("v3", said("mood", "good"))
    assert lines(reports.now()) == ["v3 mood: good"]
