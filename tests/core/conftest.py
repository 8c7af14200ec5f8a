"""A home whose journal and paper book hold a day of trading, for whatever lists or tells it."""

import sqlite3
import sys
from pathlib import Path

import msgspec
import pytest

from zepix_core.broker.paper import store
from zepix_core.clock import NS
from zepix_core.config.home import Home
from zepix_core.config.profiles import prepare
from zepix_core.journal.events import append
from zepix_core.journal.recount import rebuild
from zepix_core.model.decision import Decision, Gate, Step, Verdict
from zepix_core.rules.trading_day import TradingDays
from zepix_core.storage.connection import Durability, open_writer
from zepix_core.storage.journal_schema import TABLES
from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.fake_mt5.divergences import KNOWN_DIVERGENCES

NOON = 1_767_614_400 * NS  # 2026-01-05T12:00:00Z

DECISION = Decision(
    verdict=Verdict.ACTED,
    action="enter",
    fields={"symbol": "XAUUSD", "tf": "15", "consensus_score": 8},
    gates=(
        Gate("consensus", True, 8, ">=", 5),
        Gate("trend", False, 1, ">=", 3, "bypassed"),
    ),
    steps=(Step("base lot", "tier 10000", "0.05"), Step("lot", "0.05 × 0.9 × 1.0", "0.045")),
)
BODY = '{"type":"entry_v3","id":"x-1","symbol":"XAUUSD","tf":"15"}'


def pytest_report_header() -> list[str]:
    """Passing at the double is not working at a broker."""
    return [
        "MetaTrader 5 is a double here. It is known to differ from a terminal:",
        *(f"  - {difference}" for difference in KNOWN_DIVERGENCES),
    ]


@pytest.fixture(autouse=True)
def import_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an inline host puts on the import path goes with the test: no later one finds its plugins."""
    monkeypatch.setattr(sys, "path", sys.path.copy())


@pytest.fixture
def traded_home(tmp_path: Path) -> Home:
    """Three alerts: one traded in two legs (A closed at its target, B open), one refused, one waiting."""
    home = Home(tmp_path / "traded")
    prepare(home)
    journal = open_writer(home.journal_db, Durability.FULL)
    journal.executescript(TABLES)
    fill_journal(journal)
    journal.close()
    paper = open_writer(home.paper_db, Durability.FULL)
    store.create(paper)
    fill_paper(paper)
    paper.close()
    return home


def fill_journal(journal: sqlite3.Connection) -> None:
    alerts = (
        ("aaaa1111key", "x-1", NOON, "entry_v3", "XAUUSD", "15", BODY, "done", None, 2),
        ("bbbb2222key", "x-2", NOON + NS, "entry_v3", "EURUSD", "60", "{}", "refused", "expired", 0),
        ("cccc3333key", None, NOON + 2 * NS, "TREND_PULSE", None, None, "TREND_PULSE|X", "new", None, 0),
    )
    journal.executemany(
        "INSERT INTO inbox (key, token_id, external_id, received_ns, kind, symbol, timeframe, body, state,"
        " reason, duplicates) VALUES (?, 't', ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        alerts,
    )
    journal.execute(
        "INSERT INTO deliveries (alert_id, plugin, state, tries, started_ns, finished_ns, decision)"
        " VALUES (1, 'combined_v3', 'acted', 1, ?, ?, ?)",
        (NOON, NOON + NS // 10, msgspec.json.encode(DECISION).decode()),
    )
    intents = (
        ("intent000a", "A", "open", 0.05, 2030.0, 2020.0, 2050.0, "closed", 11, 2030.2),
        ("intent000b", "B", "open", 0.05, 2030.0, 2028.0, 2040.0, "filled", 12, 2030.2),
    )
    journal.executemany(
        "INSERT INTO intents (intent_id, alert_key, alert_id, plugin, leg, account, book, action, symbol,"
        " side, lots, price, sl, tp, magic, comment, state, retcode, position_id, fill_price, fill_lots,"
        " created_ns, updated_ns, sequence)"
        " VALUES (?1, 'aaaa1111key', 1, 'combined_v3', ?2, '1@Paper', 'live', ?3,"
        " 'XAUUSD', 'BUY', ?4, ?5, ?6, ?7, 1001001, 'v3:' || ?1 || ':' || ?2, ?8, 10009, ?9, ?10, ?4, ?11,"
        " ?11, 1)",
        [(*row, NOON + NS // 20) for row in intents],
    )
    deals = (
        (1, "intent000a", 11, "BUY", "in", 2030.2, NOON + NS // 10, 0.0, "expert"),
        (2, "intent000b", 12, "BUY", "in", 2030.2, NOON + NS // 10, 0.0, "expert"),
        (3, "intent000a", 11, "SELL", "out", 2050.0, NOON + 60 * NS, 99.0, "tp"),
    )
    journal.executemany(
        "INSERT INTO deals (ticket, account, book, intent_id, plugin, position_id, order_ticket, symbol,"
        " side, entry, volume, price, time_ns, profit, commission, swap, reason, magic, comment)"
        " VALUES (?1, '1@Paper', 'live', ?2, 'combined_v3', ?3, ?1, 'XAUUSD', ?4, ?5, 0.05, ?6, ?7, ?8, 0, 0,"
        " ?9, 1001001, 'c')",
        deals,
    )
    clock = VirtualClock()
    journal.execute("BEGIN")
    append(journal, clock, "alert_taken", {"token": "t"}, alert_id=1)
    gate = {"name": "spread", "passed": True, "value": 2.0, "rule": "<=", "threshold": 3.0, "note": ""}
    payload = {"method": "place_dual_orders_v3", "symbol": "XAUUSD", "gates": [gate], "code": ""}
    append(journal, clock, "gate", payload, alert_id=1, plugin="combined_v3")
    reply = {"retcode": 10009, "latency_ms": 1.25, "code": ""}
    append(journal, clock, "reply", reply, alert_id=1, plugin="combined_v3", intent_id="intent000a")
    rebuild(journal, clock, TradingDays.named("03:35", "Asia/Kolkata"))
    journal.execute("COMMIT")


def fill_paper(paper: sqlite3.Connection) -> None:
    paper.execute("INSERT INTO account VALUES ('live', 10099.0, 20)")
    paper.executemany(
        "INSERT INTO orders (ticket, book, position, action, symbol, side, volume, filled, price, sl, tp,"
        " magic, comment, reason, intent_id, time_ns)"
        " VALUES (?1, 'live', ?1, 'open', 'XAUUSD', 'BUY', 0.05, 0.05,"
        " 2030.2, 2020.0, 2050.0, 1001001, ?2, 'expert', ?3, ?4)",
        [
            (11, "v3:intent000a:A", "intent000a", NOON),
            (12, "v3:intent000b:B", "intent000b", NOON + 1),
        ],
    )
    paper.execute(
        "INSERT INTO positions (ticket, book, symbol, side, volume, price_open, time_ns, sl, tp, magic,"
        " comment) VALUES (12, 'live', 'XAUUSD', 'BUY', 0.05, 2030.2, ?, 2028.0, 2040.0, 1001001,"
        " 'v3:intent000b:B')",
        (NOON + 1,),
    )
