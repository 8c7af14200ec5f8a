"""Shadow mode switched in a whole host: what becomes of positions and of the file, and the report."""

import json
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.core.plugins.conftest import Site

from zepix_core.cli.client import NotFound
from zepix_core.cli.plugins.shadow import report_from_files, switch_file
from zepix_core.errors import PluginError, SettingsError, UsageError
from zepix_core.journal.comparison import compare
from zepix_core.journal.listing import open_trades
from zepix_core.journal.positions import join_positions
from zepix_core.model.comparison import BookRow
from zepix_core.model.order import Book
from zepix_core.testing.host import PaperHost

SOURCE = '''
from zepix_core import AlertClass, Capability, Decision, LogicPlugin, Verdict, hookimpl


class Buyer(LogicPlugin):
    """Buys, or closes all it has."""

    alerts = {"buy": AlertClass.ENTRY, "close": AlertClass.EXIT}
    capabilities = frozenset({Capability.PLACE_ORDER})

    @hookimpl
    async def on_alert(self, alert, api):
        if alert.kind == "close":
            await api.close_positions("EURUSD", "BUY", "Signal")
            return Decision(verdict=Verdict.ACTED, action="close")
        placed = await api.place_order("EURUSD", "BUY", float(alert.json()["lots"]), 1.1, 1.3)
        if not placed.ok:
            return Decision(verdict=Verdict.REJECTED, action="reject", reason=placed.code.lower())
        return Decision(verdict=Verdict.ACTED, action="enter", tickets=(placed.ticket,))

    @hookimpl
    def on_config_change(self, changes, api):
        api.log("changed: " + ", ".join(f"{one.key} {one.old_value} {one.new_value}" for one in changes))
'''


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[PaperHost]:
    (tmp_path / "site").mkdir()
    site = Site(tmp_path / "site")
    # A module of another name than any other test brings: all live in one process.
    site.install("shadow-buyer", {"buyer": "shadow_buyer:Buyer"}, source=SOURCE)
    settings = {"profile": "bench"}
    made = PaperHost(tmp_path / "home", only=("shadow-buyer",), paths=(str(site.path),), settings=settings)
    async with made:
        yield made


async def send(host: PaperHost, kind: str, number: int, lots: float = 0.1) -> None:
    body = {"type": kind, "id": f"{kind} {number}", "symbol": "EURUSD", "lots": lots}
    assert (await host.post(json.dumps(body))).status == 200
    await host.settled()


async def sums(host: PaperHost) -> dict[str, BookRow]:
    held = [*await host.positions(), *await host.positions(Book.SHADOW)]
    rows = await host.host.journal.read(lambda c: compare(c, join_positions(held, open_trades(c))))
    return {row.book: row for row in rows if not row.symbol}


async def test_the_next_entry_goes_where_the_switch_says_and_positions_stay(host: PaperHost) -> None:
    await send(host, "buy", 1)
    told = await host.host.front.shadow_plugin("buyer", True, "test")
    assert (told.live_positions, told.shadow_positions) == (1, 0)
    assert "The live position stays with the broker" in told.told
    await send(host, "buy", 2)
    told = await host.host.front.shadow_plugin("buyer", False, "test")
    assert (told.live_positions, told.shadow_positions) == (1, 1)
    assert "The shadow position stays in the shadow book" in told.told
    await send(host, "buy", 3)
    assert (len(await host.positions()), len(await host.positions(Book.SHADOW))) == (2, 1)


async def test_exits_follow_the_book_of_a_position(host: PaperHost) -> None:
    await send(host, "buy", 1)
    await host.host.front.shadow_plugin("buyer", True, "test")
    await send(host, "buy", 2)
    await send(host, "close", 3)
    assert (await host.positions(), await host.positions(Book.SHADOW)) == ((), ())
    found = await sums(host)
    assert (found["live"].trades, found["shadow"].trades) == (1, 1)


async def test_the_switch_is_written_into_the_plugins_file_and_told_to_the_plugin(
    host: PaperHost, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await host.host.front.shadow_plugin("buyer", True, "test")
    text = host.home.plugin_file("buyer").read_text("utf-8")
    assert tomllib.loads(text)["shadow_mode"] is True
    assert "changed: plugins.buyer.shadow_mode False True" in caplog.text
    assert {row.id: row.shadow_mode for row in host.host.front.plugin_rows()}["buyer"] is True
    notes = await host.host.journal.read(
        lambda c: c.execute("SELECT text FROM outbox WHERE type = 'plugin_state'").fetchall()
    )
    assert notes == [("buyer: entries go to the shadow book from now on, switched by test",)]


async def test_what_else_was_written_into_the_file_waits_for_the_next_start(host: PaperHost) -> None:
    path = host.home.plugin_file("buyer")
    path.write_text('plugin_id = "buyer"\nenabled = false\n', "utf-8")
    await host.host.front.shadow_plugin("buyer", True, "test")
    assert {row.id: row.state for row in host.host.front.plugin_rows()}["buyer"] == "active"
    assert tomllib.loads(path.read_text("utf-8"))["enabled"] is False


async def test_an_unknown_plugin_and_a_broken_file_are_refused(host: PaperHost) -> None:
    with pytest.raises(PluginError, match="no plugin nobody"):
        await host.host.front.shadow_plugin("nobody", True, "test")
    host.home.plugin_file("buyer").write_text("shadow_mode = maybe\n", "utf-8")
    with pytest.raises(SettingsError):
        await host.host.front.shadow_plugin("buyer", True, "test")
    assert {row.id: row.shadow_mode for row in host.host.front.plugin_rows()}["buyer"] is False


async def test_a_stopped_host_reports_from_its_files_and_is_switched_for_its_next_start(
    host: PaperHost,
) -> None:
    await host.host.front.shadow_plugin("buyer", True, "test")
    await send(host, "buy", 1)
    await send(host, "close", 2)
    await send(host, "buy", 3)
    await send(host, "buy", 4, lots=1e9)
    running = await sums(host)
    await host.stop()
    rows = report_from_files(host.home, "buyer", None, None)
    (shadow,) = (row for row in rows if row["book"] == "shadow" and not row["symbol"])
    expected: dict[str, Any] = {"trades": 1, "open": 1, "floating": None, "money": running["shadow"].money}
    assert {name: shadow[name] for name in expected} == expected
    assert sum(shadow["refused"].values()) == 1
    assert running["shadow"].floating is not None
    assert all(not row["trades"] for row in report_from_files(host.home, "buyer", "2020-01-01", "2020-01-01"))
    told = switch_file(host.home, "buyer", False)
    assert (told["shadow_positions"], told["shadow_mode"]) == (1, False)
    assert "from the next start on" in told["told"]
    await host.start()
    await send(host, "buy", 5)
    assert len(await host.positions()) == 1


def test_what_the_command_cannot_do_is_said(traded_home: Any) -> None:
    with pytest.raises(UsageError):
        report_from_files(traded_home, None, "soon", None)
    with pytest.raises(NotFound):
        switch_file(traded_home, "nobody", True)
