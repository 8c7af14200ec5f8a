"""A host whose files cannot be written for a while: nothing opens, everything can be closed, all is told."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.core.plugins.conftest import Site
from tests.core.storage.breaking import locked

from zepix_core.journal.events import verify
from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.host import PaperHost

PLUGIN = """
from zepix_core import AlertClass, Capability, Decision, LogicPlugin, Verdict, hookimpl


class Buyer(LogicPlugin):
    name = "Buyer"
    alerts = {"KIND": AlertClass.ENTRY, "out": AlertClass.EXIT, "note": AlertClass.INFO}
    capabilities = frozenset({Capability.PLACE_ORDER})

    @hookimpl
    async def on_start(self, api):
        await api.db.run(lambda c: c.execute("PRAGMA busy_timeout = 1").fetchone())

    @hookimpl
    async def on_alert(self, alert, api):
        if alert.kind == "note":
            await api.db.run(lambda c: c.execute("UPDATE plugin_info SET version = version"))
            return Decision(verdict=Verdict.NOTHING, action="note")
        if alert.kind == "out":
            await api.close_positions("EURUSD", reason="Exit_Signal")
            return Decision(verdict=Verdict.ACTED, action="exit")
        result = await api.place_order("EURUSD", "BUY", 0.01, sl_price=1.07, price=1.085)
        reason = result.code.lower() or None
        return Decision(verdict=Verdict.REJECTED if reason else Verdict.ACTED, action="enter", reason=reason)
"""
ALERT = '{"type":"%s","symbol":"EURUSD","price":1.085,"id":"%s"}'
QUICK = "PRAGMA busy_timeout = 1"


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[PaperHost]:
    (tmp_path / "site").mkdir()
    site = Site(tmp_path / "site")
    for name in ("stopped_one", "bystander"):
        site.install(name, {name: f"{name}:Buyer"}, source=PLUGIN.replace("KIND", name))
    paper = PaperHost(
        tmp_path / "home", clock=VirtualClock(), only=("stopped_one", "bystander"), paths=(str(site.path),)
    )
    async with paper:
        await paper.host.journal.run(lambda c: c.execute(QUICK).fetchone())
        yield paper


async def opened(host: PaperHost) -> int:
    assert (await host.post(ALERT % ("stopped_one", "first"))).status == 200
    await host.settled()
    (position,) = await host.positions()
    return position.ticket


async def told(host: PaperHost) -> list[str]:
    query = "SELECT type FROM outbox WHERE type LIKE 'storage%' ORDER BY id"
    return [row[0] for row in await host.host.journal.read(lambda c: c.execute(query).fetchall())]


async def test_a_journal_that_is_locked_takes_no_alert_and_comes_back_by_itself(host: PaperHost) -> None:
    with locked(host.home.journal_db):
        assert (await host.post(ALERT % ("stopped_one", 1))).status == 503
        await host.advance(12.0)
        state = host.host.front.state()
        assert (state.ready, state.reason) == (False, "the journal cannot be written")
        assert [fault.file for fault in state.storage_faults] == ["journal.db"]
    await host.advance(6.0)
    assert host.host.front.state().ready
    assert (await host.post(ALERT % ("stopped_one", 1))).status == 200
    await host.settled()
    assert len(await host.positions()) == 1
    assert await told(host) == ["storage_failed", "storage_mended"]


async def test_a_person_closes_while_the_journal_is_locked_and_it_is_booked_later(host: PaperHost) -> None:
    ticket = await opened(host)
    with locked(host.home.journal_db):
        result = await host.host.front.close_position(ticket, "person")
        assert result.success, result
        assert await host.positions() == ()
    await host.advance(40.0)
    await host.settled()
    (trade,) = await host.trades()
    assert (trade.ticket, trade.status) == (ticket, "closed")
    assert await host.host.journal.read(verify) > 0


async def test_a_panic_closes_everything_while_the_journal_is_locked(host: PaperHost) -> None:
    await opened(host)
    with locked(host.home.journal_db):
        (result,) = await host.host.front.panic("flatten", "person")
        assert result.success, result
        assert await host.positions() == ()
        assert host.host.front.state().paused
    await host.advance(40.0)
    control = host.host.desk.control.state
    assert (control.panic, control.closing) == ("flatten", False)


async def test_a_paper_book_that_is_locked_stops_entries_of_all_and_comes_back(host: PaperHost) -> None:
    book: Any = host.host.broker
    await book._inner._executor.run(lambda c: c.execute(QUICK).fetchone())
    ticket = await opened(host)
    with locked(host.home.paper_db):
        await host.advance(12.0)
        assert "paper.db" in host.host.guard.why()
        assert [p.ticket for p in await host.positions()] == [ticket], "the book can still be read"
        assert (await host.post(ALERT % ("bystander", 2))).status == 200
        await host.settled()
        assert (await host.story("2")).decisions["bystander"].reason == "trading_paused"
    await host.advance(6.0)
    assert host.host.guard.why() == ""
    assert (await host.post(ALERT % ("bystander", 3))).status == 200
    await host.settled()
    assert len(await host.positions()) == 2
    assert await told(host) == ["storage_failed", "storage_mended"]


async def test_a_plugins_file_that_is_locked_stops_its_entries_and_nobody_elses(host: PaperHost) -> None:
    await opened(host)
    with locked(host.home.data / "zepix_stopped_one.db"):
        assert (await host.post(ALERT % ("note", 2))).status == 200
        await host.settled()
        assert (await host.post(ALERT % ("stopped_one", 3))).status == 200
        assert (await host.post(ALERT % ("bystander", 4))).status == 200
        await host.settled()
        assert (await host.story("3")).decisions["stopped_one"].reason == "trading_paused"
        assert (await host.story("4")).decisions["bystander"].action == "enter"
        assert (await host.post(ALERT % ("out", 5))).status == 200
        await host.settled()
        assert await host.positions() == (), "an exit passes the breaker"
    await host.advance(6.0)
    assert (await host.post(ALERT % ("stopped_one", 6))).status == 200
    await host.settled()
    assert len(await host.positions()) == 1
    assert await told(host) == ["storage_failed", "storage_mended"]
