"""Chains and trailing on a whole host: real gates, real prices, restarts, and the tables of migration 002."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from zepix_core import Side
from zepix_core.model.order import Position
from zepix_core.storage.migrations import core_steps, migrate, read_steps
from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.host import PaperHost

Make = Callable[..., PaperHost]
DISTRIBUTION = "zepix-plugins-v3"
WIDE = {"settings": {"risk_management": {"max_symbol_exposure": 5.0}}}


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Hosts on one home and one clock."""
    clock = VirtualClock()

    def make(**options: Any) -> PaperHost:
        return PaperHost(
            tmp_path / "home",
            clock=clock,
            only=(DISTRIBUTION,),
            plugin_settings={"combined_v3": options.pop("v3", WIDE)},
            **options,
        )

    return make


async def enter(host: PaperHost) -> None:
    """A buy whose levels are far away, with all trends up."""
    price = 1.168
    await host.host.broker.observe("EURUSD", price)
    body = {
        "type": "entry_v3", "signal_type": "Momentum_Breakout", "symbol": "EURUSD", "direction": "buy",
        "tf": "15", "price": price, "consensus_score": 8, "sl_price": round(price - 0.01, 5),
        "tp1_price": round(price + 0.02, 5), "tp2_price": round(price + 0.03, 5), "mtf_trends": "1,1,1,1,1",
        "market_trend": 1, "volume_delta_ratio": 0.5, "price_in_ob": False, "position_multiplier": 0.8,
    }  # fmt: skip
    answer = await host.post(json.dumps(body))
    assert answer.status == 200
    await host.settled()


async def move(host: PaperHost, price: float) -> None:
    await host.host.broker.observe("EURUSD", price)
    await host.advance(1.0, step=0.25)
    await host.settled()


async def book(host: PaperHost) -> dict[str, list[Position]]:
    """Open positions by the label of their order, without its chain."""
    labels = {row.ticket: row.label.partition("@")[0].rpartition("_")[0] for row in await host.orders()}
    found: dict[str, list[Position]] = {}
    for position in await host.positions():
        found.setdefault(labels[position.ticket], []).append(position)
    return found


def rows(host: PaperHost, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(host.home.data / "zepix_combined_v3.db")) as connection:
        return connection.execute(query).fetchall()


async def test_a_chain_goes_on_over_restarts_and_stops_at_a_loss(make: Make) -> None:
    async with make() as host:
        await enter(host)
        start = (await book(host))["OrderB_Profit"][0].price_open
    async with make() as host:
        await move(host, start + 0.0037)
        open_now = await book(host)
        assert "OrderB_Profit" not in open_now
        first = open_now["Chain_1"]
        assert [(one.volume, one.side) for one in first] == [(0.05, Side.BUY)] * 2
        for one in first:
            assert round((one.price_open - one.sl) * 0.05 * 100_000, 1) == pytest.approx(10.0, abs=0.5)
            assert round((one.tp - one.price_open) * 0.05 * 100_000, 2) == pytest.approx(7.0, abs=0.06)
        ((profit, reason),) = rows(
            host, "SELECT order_b_profit_dollars, close_reason FROM combined_v3_trades WHERE id = 1"
        )
        assert profit >= 7.0 and reason == "TP1"
    async with make() as host:
        await move(host, first[0].price_open + 0.0020)
        second = (await book(host))["Chain_2"]
        assert len(second) == 4
        assert rows(host, "SELECT state, level FROM v3_profit_chains") == [("ACTIVE", 2)]
    async with make() as host:
        await move(host, second[0].price_open - 0.0030)
        open_now = await book(host)
        assert not [label for label in open_now if label.startswith("Chain")]
        assert rows(host, "SELECT state, reason FROM v3_profit_chains") == [("STOPPED", "loss")]
        placed = [row.label for row in await host.orders() if row.action == "open"]
        assert len(placed) == len(set(placed)) == 2 + 2 + 4
        story = await host.story(1)
        names = rows(host, "SELECT chain_id FROM v3_profit_chains")
        assert names == [(story.decisions["combined_v3"].data["chain"],)]
        chained = [one for one in story.followers if one.action == "open"]
        assert len(chained) == 2 + 4
        assert all(one.label.endswith(f"@{names[0][0]}") for one in chained)
        requests = {event.intent_id for event in story.events if event.kind == "request"}
        assert {one.intent_id for one in chained} <= requests
        journal = sum(trade.profit for trade in await host.trades() if trade.status == "closed")
        money = rows(
            host,
            "SELECT sum(coalesce(order_a_profit_dollars, 0) + coalesce(order_b_profit_dollars, 0))"
            " FROM combined_v3_trades",
        )
        assert money[0][0] == pytest.approx(journal)


async def test_the_hosts_caps_judge_every_order_of_a_level(make: Make) -> None:
    tight = {"settings": {"risk_management": {"max_daily_trades": 2}}}
    async with make(v3=tight) as host:
        await enter(host)
        start = (await book(host))["OrderB_Profit"][0].price_open
        await move(host, start + 0.0037)
        assert len((await book(host))["Chain_1"]) == 1
        states = rows(host, "SELECT state, reason FROM v3_chain_orders WHERE level = 1 ORDER BY slot")
        assert states == [("OPEN", None), ("REFUSED", "cap_daily_trades")]
        (denied,) = [one for one in await host.orders() if one.state == "denied"]
        assert denied.alert_id is None and denied.reason == "CAP_DAILY_TRADES"
        told_by_status = [one for one in host.host.front.reports() if one.name == "profit chain"]
        assert [one.next for one in told_by_status] == [f"zepix why {denied.intent_id}"]
        with closing(sqlite3.connect(host.home.journal_db)) as connection:
            (told,) = connection.execute("SELECT text FROM outbox WHERE type = 'order_failed'").fetchall()
        assert denied.label in told[0] and "CAP_DAILY_TRADES" in told[0]


async def test_order_a_is_trailed_over_a_restart(make: Make) -> None:
    off = {"settings": {"profit_booking": {"enabled": False}}}
    async with make(v3=off) as host:
        await enter(host)
        a = (await book(host))["OrderA_TP"][0]
        distance = a.price_open - a.sl
    async with make(v3=off) as host:
        await move(host, a.price_open + 0.55 * distance)
        (moved,) = (await book(host))["OrderA_TP"]
        assert moved.sl == pytest.approx(a.price_open, abs=1e-5)
    async with make(v3=off) as host:
        await move(host, a.price_open + 1.05 * distance)
        (moved,) = (await book(host))["OrderA_TP"]
        assert moved.sl == pytest.approx(a.price_open + 0.5 * distance, abs=1e-5)
        await move(host, a.price_open + 0.45 * distance)
        assert "OrderA_TP" not in await book(host)
        ((profit, state),) = rows(
            host,
            "SELECT t.order_a_profit_dollars, s.state FROM combined_v3_trades t"
            " JOIN v3_trailing_stops s ON s.trade_id = t.id",
        )
        assert profit > 0 and state == "CLOSED"


async def test_a_file_of_the_first_version_gets_the_new_tables_and_keeps_its_rows_and_a_backup(
    make: Make, tmp_path: Path
) -> None:
    async with make() as host:
        await enter(host)
        data, backups = host.home.data, host.home.backups
        before = rows(host, "SELECT * FROM combined_v3_trades")
    file = data / "zepix_combined_v3.db"
    _back_to_001(file)
    assert list(backups.iterdir()) == []
    async with make() as host:
        await host.settled()
        assert rows(host, "SELECT * FROM combined_v3_trades") == before
        assert rows(host, "SELECT count(*) FROM v3_profit_chains") == [(0,)]
        versions = rows(host, "SELECT version FROM schema_migrations WHERE version LIKE '0%' ORDER BY 1")
        assert versions == [("001",), ("002",)]
    (copy,) = backups.iterdir()
    assert copy.name.startswith("zepix_combined_v3.")
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT * FROM combined_v3_trades").fetchall() == before
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        assert "v3_profit_chains" not in names


def _back_to_001(file: Path) -> None:
    """The file as the first version had made it, with its rows."""
    old = file.with_suffix(".old")
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        clock = VirtualClock()
        migrate(connection, core_steps(), clock)
        migrate(connection, read_steps("zepix_plugins_v3.migrations")[:1], clock)
        connection.execute("ATTACH ? AS new", (str(file),))
        for (name,) in connection.execute(
            "SELECT name FROM main.sqlite_master WHERE type = 'table'"
        ).fetchall():
            if not name.startswith("sqlite_") and name not in ("schema_migrations", "_sqlite_migrations"):
                connection.execute(f"INSERT OR REPLACE INTO main.{name} SELECT * FROM new.{name}")
    for gone in (file, file.with_name(file.name + "-wal"), file.with_name(file.name + "-shm")):
        gone.unlink(missing_ok=True)
    old.replace(file)


def test_the_scripts_are_numbered_without_a_gap() -> None:
    names = sorted(
        one.name for one in files("zepix_plugins_v3.migrations").iterdir() if one.name.endswith(".sql")
    )
    assert [name[:3] for name in names] == [f"{number:03}" for number in range(1, len(names) + 1)]
