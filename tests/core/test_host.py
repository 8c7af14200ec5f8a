"""A whole host: it starts by recovering, takes alerts only when it can, and stops in order."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.core.plugins.conftest import Site

from zepix_core.cli.story_text import story_lines
from zepix_core.clock import SystemClock
from zepix_core.config.settings import HostSettings
from zepix_core.errors import BrokerOffline, SettingsError, StorageError
from zepix_core.host import Host
from zepix_core.journal.events import verify
from zepix_core.model.host import HostOptions
from zepix_core.model.order import Book, Position
from zepix_core.plugins.manager import PluginHost
from zepix_core.plugins.states import PluginStatus
from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.host import PaperHost

PLUGIN = """
import asyncio
from zepix_core import AlertClass, Capability, Decision, LogicPlugin, Verdict, hookimpl


class Buyer(LogicPlugin):
    name = "Buyer"
    alerts = {"buy": AlertClass.ENTRY, "slow": AlertClass.ENTRY, "fail": AlertClass.ENTRY}
    capabilities = frozenset({Capability.PLACE_ORDER})

    @hookimpl
    async def on_alert(self, alert, api):
        if alert.kind == "slow":
            await asyncio.sleep(0.1)
        if alert.kind == "fail":
            {}["tp"]
        result = await api.place_order("EURUSD", "BUY", 0.01, sl_price=1.07, price=1.085)
        return Decision(verdict=Verdict.ACTED, action="enter", reason=result.code.lower() or None)
"""
BROKEN = "import nothing_of_that_name\n"
ENTRY = '{"type":"buy","symbol":"EURUSD","price":1.085,"id":"%s"}'
Make = Callable[..., PaperHost]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Hosts on one home and one clock, with a plugin that buys."""
    (tmp_path / "site").mkdir()
    site = Site(tmp_path / "site")
    site.install("buyer", {"buyer": "buyer:Buyer"}, source=PLUGIN)
    site.install("broken", {"broken": "broken:Broken"}, source=BROKEN)
    clock = VirtualClock()

    def make(**options: Any) -> PaperHost:
        names = options.pop("only", ("buyer",))
        return PaperHost(tmp_path / "home", clock=clock, only=names, paths=(str(site.path),), **options)

    return make


@pytest.fixture
async def host(make: Make) -> AsyncIterator[PaperHost]:
    async with make() as host:
        yield host


class Witness:
    """A face that is started after the webhook and stopped before it, and writes down what it sees."""

    name = "witness"
    port = None

    def __init__(self) -> None:
        self.seen: list[tuple[str, int, str]] = []
        self.paper: PaperHost

    async def _look(self, moment: str, host: Any) -> None:
        answer = await self.paper.post(ENTRY % moment)
        self.seen.append((moment, answer.status, host.state().reason))

    async def start(self, host: Any) -> None:
        self._host = host
        await self._look("start", host)

    def announce(self, ready: bool) -> None:
        self.seen.append(("ready" if ready else "not ready", 0, self._host.state().reason))

    async def stop(self) -> None:
        await self._look("stop", self._host)


async def test_alerts_are_answered_503_until_recovery_is_done_and_again_while_stopping(make: Make) -> None:
    witness = Witness()
    paper = witness.paper = make(faces=(witness,))
    async with paper:
        assert paper.host.front.state().ready
        assert (await paper.post(ENTRY % 1)).status == 200
    assert witness.seen == [
        ("start", 503, "starting"),
        ("ready", 0, ""),
        ("not ready", 0, "stopping"),
        ("stop", 503, "stopping"),
    ]


async def test_health_tells_whether_alerts_can_be_taken(host: PaperHost) -> None:
    request = b"GET /health HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"
    assert (await host.send(request)).status == 200


async def test_a_journal_that_cannot_be_written_shows_since_when_until_it_can_be(host: PaperHost) -> None:
    assert (host.host.front.state().storage, host.host.front.state().storage_since_ns) == ("", 0)
    _alter(host, "ALTER TABLE inbox RENAME TO inbox_away")
    assert (await host.post(ENTRY % 1)).status == 503
    broken = host.host.front.state()
    assert (broken.ready, broken.reason) == (False, "the journal cannot be written")
    assert "inbox" in broken.storage
    assert broken.storage_since_ns == host.clock.now_ns()
    _alter(host, "ALTER TABLE inbox_away RENAME TO inbox")
    await host.advance(6.0)
    mended = host.host.front.state()
    assert (mended.ready, mended.reason, mended.storage, mended.storage_since_ns) == (True, "", "", 0)
    assert (await host.post(ENTRY % 1)).status == 200


async def test_a_read_that_fails_refuses_no_alert(
    host: PaperHost, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def look() -> None:
        raise StorageError("journal.db: the pool of readers is exhausted.")

    monkeypatch.setattr(host.host.desk.risk, "look", look)
    await host.advance(3.0)
    assert "the pool of readers is exhausted" in caplog.text
    assert (host.host.front.state().ready, host.host.front.state().storage) == (True, "")
    assert (await host.post(ENTRY % 1)).status == 200


async def test_what_becomes_of_a_plugin_and_cannot_be_written_is_logged(
    host: PaperHost, caplog: pytest.LogCaptureFixture
) -> None:
    _alter(host, "ALTER TABLE journal_events RENAME TO events_away")
    host.host.plugins.disable("buyer")
    await asyncio.sleep(0.05)
    assert "what became of buyer was not written" in caplog.text
    _alter(host, "ALTER TABLE events_away RENAME TO journal_events")


async def test_plugins_are_looked_at_by_the_loop_alone(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    real, threads = PluginHost.statuses, set[int]()

    def statuses(plugins: PluginHost) -> tuple[PluginStatus, ...]:
        threads.add(threading.get_ident())
        return real(plugins)

    monkeypatch.setattr(PluginHost, "statuses", statuses)
    async with make(same_thread=False) as host:
        await host.settled()
    assert threads == {threading.get_ident()}


def _alter(host: PaperHost, statement: str) -> None:
    with closing(sqlite3.connect(host.home.journal_db)) as connection, connection:
        connection.execute(statement)


async def test_an_alert_becomes_an_order_a_position_and_a_story(host: PaperHost) -> None:
    assert (await host.post(ENTRY % "A")).status == 200
    await host.settled()
    (position,) = await host.positions()
    (order,) = await host.orders()
    assert (order.ticket, order.state, position.sl) == (position.ticket, "filled", 1.07)
    story = await host.story("A")
    assert story.alert.state == "done"
    assert story.decisions["buyer"].action == "enter"
    assert [event.kind for event in story.events][:2] == ["alert_taken", "gate"]


async def test_the_story_of_a_plugin_that_raised_says_what_it_raised_and_where(host: PaperHost) -> None:
    await host.post(ENTRY.replace("buy", "fail") % "A")
    await host.settled()
    story = await host.story("A")
    assert (story.alert.state, story.alert.reason) == ("dead", "plugin_error")
    lines = [line.text for line in story_lines(story)]
    assert lines.count("  error: on_alert of buyer raised KeyError: 'tp'.") == 1


async def test_what_a_plugin_is_doing_is_finished_before_the_host_ends(make: Make) -> None:
    async with make() as paper:
        assert (await paper.post(ENTRY.replace("buy", "slow") % 1)).status == 200
        await asyncio.sleep(0.02)
    async with make() as paper:
        (alert,) = await paper.alerts()
        assert alert.state == "done"
        assert len(await paper.positions()) == 1


async def test_what_was_not_handed_out_is_handed_out_after_a_restart(make: Make) -> None:
    async with make() as paper:
        paper.host.loop.hold()
        assert (await paper.post(ENTRY % 1)).status == 200
        assert not await paper.positions()
    async with make() as paper:
        await paper.settled()
        (alert,) = await paper.alerts()
        assert (alert.state, alert.tries) == ("done", 0)
        assert len(await paper.positions()) == 1


async def test_an_order_that_was_on_its_way_at_a_crash_is_found_and_not_sent_again(make: Make) -> None:
    async with make() as paper:
        await paper.post(ENTRY % 1)
        await paper.settled()
        journal = paper.home.journal_db
    with closing(sqlite3.connect(journal)) as connection, connection:
        connection.execute("UPDATE intents SET state = 'sending', position_id = 0, fill_lots = 0")
        connection.execute("UPDATE inbox SET state = 'claimed', boot = 'gone', finished_ns = NULL")
        connection.execute("UPDATE deliveries SET state = 'claimed', boot = 'gone'")
    async with make() as paper:
        await paper.settled()
        (order,) = await paper.orders()
        assert (order.state, order.attempt) == ("filled", 1)
        assert len(await paper.positions()) == 1
        assert len(await paper.deals()) == 1


async def test_positions_closed_at_the_broker_while_the_host_was_away_are_closed_in_the_journal(
    make: Make,
) -> None:
    async with make() as paper:
        await paper.post(ENTRY % 1)
        await paper.settled()
        broker = paper.home.paper_db
    with closing(sqlite3.connect(broker)) as connection, connection:
        connection.execute("UPDATE positions SET sl = 2.0")
    async with make() as paper:
        await paper.advance(5)
        (trade,) = await paper.trades()
        assert (trade.status, trade.reason) == ("closed", "SL")


async def test_a_pause_holds_entries_over_a_restart_until_somebody_resumes(make: Make) -> None:
    async with make() as paper:
        await paper.host.front.pause("test")
        await paper.post(ENTRY % 1)
        await paper.settled()
    async with make() as paper:
        assert paper.host.front.state().paused
        await paper.post(ENTRY % 2)
        await paper.settled()
        assert not await paper.positions()
        await paper.host.front.resume("test")
        await paper.post(ENTRY % 3)
        await paper.settled()
        assert len(await paper.positions()) == 1


async def test_a_panic_that_flattens_closes_what_is_ours(host: PaperHost) -> None:
    await host.post(ENTRY % 1)
    await host.settled()
    (closed,) = await host.host.front.panic("flatten", "test")
    assert closed.success
    assert not await host.positions()


async def test_a_plugin_that_cannot_be_imported_is_listed_and_the_rest_runs(make: Make) -> None:
    async with make(only=("buyer", "broken")) as paper:
        rows = {row.id: row for row in paper.host.front.plugin_rows()}
        assert (rows["buyer"].state, rows["broken"].state) == ("active", "failed")
        assert "nothing_of_that_name" in rows["broken"].reason
        await paper.post(ENTRY % 1)
        await paper.settled()
        assert len(await paper.positions()) == 1


async def test_a_plugin_installed_while_the_host_runs_is_enabled_without_a_restart(
    make: Make, tmp_path: Path
) -> None:
    async with make() as paper:
        source = PLUGIN.replace("Buyer", "Late").replace('"buy"', '"late"')
        Site(tmp_path / "site").install("late-plugin", {"late": "late_plugin:Late"}, source=source)
        (row,) = await paper.host.front.switch_plugin("Late_Plugin", True, "test")
        assert (row.id, row.state) == ("late", "active")
        await paper.post(ENTRY.replace("buy", "late") % 1)
        await paper.settled()
        assert len(await paper.positions()) == 1
        (row,) = await paper.host.front.switch_plugin("Late_Plugin", False, "test")
        assert row.state == "disabled"


async def test_faults_of_a_plugins_settings_are_listed_with_it(make: Make) -> None:
    async with make(plugin_settings={"buyer": {"lotz": 1, "enabled": "perhaps"}}) as paper:
        (row,) = (row for row in paper.host.front.plugin_rows() if row.id == "buyer")
        assert row.state == "failed"
        assert "lotz: unknown key" in row.reason
        assert "enabled: must be" in row.reason


async def test_the_account_of_another_login_is_not_traded_with_this_journal(make: Make) -> None:
    async with make() as paper:
        await paper.post(ENTRY % 1)
        await paper.settled()
    with pytest.raises(SettingsError):
        await make(settings={"paper": {"login": 2}}).start()


async def test_the_ports_are_written_while_it_runs(make: Make) -> None:
    async with make() as paper:
        assert str(paper.host.front.state().webhook_port) in paper.home.ports_file.read_text()
    assert not paper.home.ports_file.exists()


async def test_starts_and_stops_stand_in_an_unbroken_chain(make: Make) -> None:
    for number in range(2):
        async with make() as paper:
            await paper.post(ENTRY % number)
            await paper.settled()
    with closing(sqlite3.connect(paper.home.journal_db)) as connection:
        kinds = [kind for (kind,) in connection.execute("SELECT kind FROM journal_events ORDER BY seq")]
        verify(connection)
    lives = [kind for kind in kinds if kind in ("start", "recovered", "stop")]
    assert lives == ["start", "recovered", "stop"] * 2


PATIENT = """
from zepix_core import AlertClass, Decision, LogicPlugin, Verdict, hookimpl


class Patient(LogicPlugin):
    name = "Patient"
    alerts = {"wait": AlertClass.INFO}

    @hookimpl
    async def on_start(self, api):
        await api.check_daily_limit()

    @hookimpl
    async def on_alert(self, alert, api):
        return Decision(verdict=Verdict.NOTHING, action="ignore")
"""


async def test_a_start_that_cannot_open_its_account_ends_though_a_plugin_waits_for_it(
    make: Make, tmp_path: Path
) -> None:
    Site(tmp_path / "site").install("patient", {"patient": "patient:Patient"}, source=PATIENT)
    async with make(only=("buyer", "patient")) as paper:
        assert {row.id: row.state for row in paper.host.front.plugin_rows()}["patient"] == "active"
    with pytest.raises(SettingsError):
        await make(only=("buyer", "patient"), settings={"paper": {"login": 2}}).start()


async def test_a_host_told_to_stop_while_it_starts_stops(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    async with make() as paper:
        home = paper.home
    host = Host(home, HostSettings(), clock=SystemClock(), options=HostOptions(inline=True))
    begun = asyncio.Event()

    async def never() -> Any:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(host.broker, "start", never)
    running = asyncio.create_task(host.run())
    await begun.wait()
    host.request_stop()
    assert await running == 0


@pytest.mark.parametrize("part", ["books", "writer", "webhook"])
async def test_the_host_ends_with_70_when_a_part_fails_that_it_needs(
    host: PaperHost, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    async def broken() -> None:
        raise ValueError("a mistake")

    if part == "books":
        monkeypatch.setattr(host.host._reconciler, "sweep", broken)
    elif part == "webhook":
        webhook: Any = host.host._faces[0]
        webhook.listener._server.close()
    else:
        monkeypatch.setattr(type(host.host.journal), "alive", False)
    await host.advance(31.0)
    assert host.host.life.stopping.is_set()
    assert host.host.life.exit_code == 70


async def test_alerts_wait_until_the_books_are_compared_after_the_broker_was_away(
    host: PaperHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = host.host.broker
    with monkeypatch.context() as blind:

        async def away(book: Book) -> tuple[Position, ...]:
            raise BrokerOffline("away")

        blind.setattr(broker, "positions", away)
        broker.tell_link(False)  # type: ignore[attr-defined]
        broker.tell_link(True)  # type: ignore[attr-defined]
        assert (await host.post(ENTRY % 1)).status == 200
        await host.advance(10.0)
        assert [alert.state for alert in await host.alerts()] == ["new"]
    await host.settled()
    assert [alert.state for alert in await host.alerts()] == ["done"]
    assert len(await host.positions()) == 1


async def test_a_start_that_failed_forgives_no_death_of_an_earlier_one(make: Make) -> None:
    async with make() as paper:
        await paper.post(ENTRY % 1)
        await paper.settled()
        journal = paper.home.journal_db
    with closing(sqlite3.connect(journal)) as connection, connection:
        connection.execute("UPDATE inbox SET state = 'claimed', boot = 'gone', finished_ns = NULL")
        connection.execute("UPDATE deliveries SET state = 'claimed', boot = 'gone'")
    with pytest.raises(SettingsError):
        await make(settings={"paper": {"login": 2}}).start()
    async with make() as paper:
        await paper.settled()
        (alert,) = await paper.alerts()
        assert alert.tries == 1


async def test_a_step_of_the_end_that_fails_holds_no_other_up(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with make() as paper:

        async def full(*_: object) -> None:
            raise StorageError("database or disk is full")

        monkeypatch.setattr(paper.host.loop, "drain", full)
        monkeypatch.setattr(paper.host.feed, "stop", full)
        monkeypatch.setattr(paper.host.desk, "stop", full)
    assert not paper.home.ports_file.exists()


async def test_a_plugin_that_took_an_inline_host_down_twice_is_quarantined(make: Make) -> None:
    async with make(same_thread=False) as paper:
        await paper.post(ENTRY % 1)
        await paper.settled()
    for death in (1, 2):
        with closing(sqlite3.connect(paper.home.journal_db)) as connection, connection:
            connection.execute("UPDATE inbox SET state = 'claimed', boot = 'gone'")
            connection.execute("UPDATE deliveries SET state = 'claimed', boot = 'gone'")
        async with make(same_thread=False) as paper:
            states = {row.id: (row.state, row.reason) for row in paper.host.front.plugin_rows()}
        assert (states["buyer"][0] == "quarantined") is (death == 2)
    assert "the host died twice" in states["buyer"][1]
