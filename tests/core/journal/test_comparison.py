"""What each book made: by hand, over days, equal to the totals."""

import json
import random
import sqlite3
from datetime import timedelta

import pytest

from zepix_core.clock import NS, iso, moment
from zepix_core.errors import UsageError
from zepix_core.journal import totals
from zepix_core.journal.comparison import compare, entry_kinds, period
from zepix_core.journal.positions import PositionRow
from zepix_core.journal.recount import rebuild
from zepix_core.model.comparison import BookRow
from zepix_core.model.order import Book
from zepix_core.rules.trading_day import TradingDays
from zepix_core.storage.journal_schema import TABLES
from zepix_core.testing.clock import VirtualClock

NOON = 1_767_614_400 * NS  # 2026-01-05T12:00:00Z
DAY = 86_400 * NS
DAYS = TradingDays.named("03:35", "Asia/Kolkata")


class Ledger:
    """A journal, filled by hand."""

    def __init__(self) -> None:
        self.rows = sqlite3.connect(":memory:", isolation_level=None)
        self.rows.executescript(TABLES)
        self._ticket = 0

    def deal(
        self, position: int, entry: str, lots: float, money: float, at_ns: int, *, pips: float = 0.0,
        plugin: str = "one", symbol: str = "EURUSD", commission: float = 0.0, swap: float = 0.0,
    ) -> None:  # fmt: skip
        self._ticket += 1
        book = "shadow" if position < 0 else "live"
        ticket = -self._ticket if position < 0 else self._ticket
        self.rows.execute(
            "INSERT INTO deals VALUES"
            " (?, 'a', ?, ?, ?, ?, 0, ?, 'BUY', ?, ?, 1.1, ?, ?, ?, ?, 'expert', 1, '')",
            (
                ticket, book, f"i{position}", plugin, position, symbol, entry, lots, at_ns, money, commission,
                swap,
            ),
        )  # fmt: skip
        kind = "opened" if entry == "in" else "partly_closed"
        payload = json.dumps({"kind": kind, "deal": ticket, "profit_pips": pips})
        self.rows.execute(
            "INSERT INTO journal_events (at_ns, mono_ns, kind, plugin, payload, hash)"
            " VALUES (?, 0, 'trade_update', ?, ?, x'')",
            (at_ns, plugin, payload),
        )

    def trade(self, position: int, money: float, at_ns: int, **facts: object) -> None:
        self.deal(position, "in", 0.1, 0.0, at_ns - NS, **{k: v for k, v in facts.items() if k != "pips"})  # type: ignore[arg-type]
        self.deal(position, "out", 0.1, money, at_ns, **facts)  # type: ignore[arg-type]

    def denied(self, reason: str, book: str = "shadow", group: str = "g", leg: str = "A") -> None:
        self.rows.execute(
            "INSERT INTO intents (intent_id, alert_key, plugin, leg, account, book, action, symbol, side,"
            " lots, magic, comment, state, reason, trade_group, created_ns, updated_ns, sequence) VALUES"
            " (?, 'k', 'one', ?, 'a', ?, 'open', 'EURUSD', 'BUY', 0.1, 1, '', 'denied', ?, ?, ?, ?, 1)",
            (f"{group}{leg}", leg, book, reason, group, NOON, NOON),
        )

    def rejected(self, number: int, reason: str, kind: str = "entry", symbol: str = "EURUSD") -> None:
        self.rows.execute(
            "INSERT INTO inbox (id, key, token_id, received_ns, kind, body, state)"
            " VALUES (?, ?, 't', ?, ?, '', 'done')",
            (number, f"k{number}", NOON, kind),
        )
        self.rows.execute(
            "INSERT INTO deliveries (alert_id, plugin, state, reason, decision)"
            " VALUES (?, 'one', 'rejected', ?, ?)",
            (number, reason, json.dumps({"fields": {"symbol": symbol}})),
        )

    def compared(self, **options: object) -> dict[tuple[str, str, str], BookRow]:
        rows = compare(self.rows, options.pop("opened", ()), **options)  # type: ignore[arg-type]
        return {(row.plugin, row.symbol, row.book): row for row in rows}


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def test_each_book_has_its_own_figures(ledger: Ledger) -> None:
    ledger.trade(1, 30.0, NOON, pips=3.0)
    ledger.trade(-2, 50.0, NOON, pips=5.0, commission=-1.0)
    ledger.trade(-3, -20.0, NOON + NS, pips=-2.0, swap=-0.5)
    ledger.trade(-4, 10.0, NOON + 2 * NS, pips=1.0)
    found = ledger.compared()
    assert set(found) == {
        ("one", "", "live"), ("one", "EURUSD", "live"), ("one", "", "shadow"), ("one", "EURUSD", "shadow"),
    }  # fmt: skip
    shadow = found["one", "EURUSD", "shadow"]
    assert (shadow.trades, shadow.wins, shadow.losses, shadow.win_rate) == (3, 2, 1, 66.7)
    # Commission is taken at the way in and out, by 1.00 each.
    assert (shadow.money, shadow.commission, shadow.swap) == (37.0, -2.0, -1.0)
    assert (shadow.pips, shadow.profit_factor, shadow.max_drawdown) == (4.0, round(58 / 21, 2), 21.0)
    assert (found["one", "", "live"].money, found["one", "", "live"].profit_factor) == (30.0, None)


def test_the_sum_stands_before_the_symbols_and_a_plugin_asked_for_is_always_there(ledger: Ledger) -> None:
    ledger.trade(1, 30.0, NOON)
    ledger.trade(2, 5.0, NOON, symbol="XAUUSD")
    rows = compare(ledger.rows, (), plugins=("one", "two"))
    assert [(row.plugin, row.symbol, row.book) for row in rows] == [
        ("one", "", "live"), ("one", "", "shadow"), ("one", "EURUSD", "live"), ("one", "XAUUSD", "live"),
        ("two", "", "live"), ("two", "", "shadow"),
    ]  # fmt: skip
    assert (rows[0].trades, rows[0].money, rows[1].win_rate) == (2, 35.0, None)


def test_a_position_is_a_trade_when_it_is_closed_whole(ledger: Ledger) -> None:
    ledger.deal(-1, "in", 0.3, 0.0, NOON)
    ledger.deal(-1, "out", 0.1, 10.0, NOON + NS, pips=10.0)
    (half,) = (row for key, row in ledger.compared().items() if key[1])
    assert (half.trades, half.money, half.pips) == (0, 10.0, 0.0)
    ledger.deal(-1, "out", 0.2, -4.0, NOON + 2 * NS, pips=-2.0)
    (whole,) = (row for key, row in ledger.compared().items() if key[1])
    assert (whole.trades, whole.wins, whole.money, whole.pips) == (1, 1, 6.0, 2.0)


def test_a_trade_counts_on_the_day_it_is_closed_with_what_it_cost_before(ledger: Ledger) -> None:
    ledger.deal(-1, "in", 0.1, 0.0, NOON - DAY, commission=-5.0)
    ledger.deal(-1, "out", 0.1, 3.0, NOON, pips=3.0)
    since, until = DAYS.around(NOON)
    today = ledger.compared(since_ns=since, until_ns=until)["one", "", "shadow"]
    assert (today.trades, today.losses, today.money) == (1, 1, 3.0)
    before = ledger.compared(until_ns=since)["one", "", "shadow"]
    assert (before.trades, before.money) == (0, -5.0)


def test_open_positions_have_their_floating_result_unless_a_price_is_missing(ledger: Ledger) -> None:
    def held(ticket: int, profit: float | None) -> PositionRow:
        return PositionRow(
            ticket=ticket, symbol="EURUSD", side="BUY", lots=0.1, price_open=1.1, price_current=None, sl=0.0,
            tp=0.0, profit=profit, plugin="one", leg="A", label="", alert_id=None, external_id=None,
            intent_id="i", comment="", book="shadow" if ticket < 0 else "live", opened_at=iso(NOON),
            swap=-0.25,
        )  # fmt: skip

    opened = (held(-1, 2.0), held(-2, 1.0), held(3, None))
    found = ledger.compared(opened=opened)
    assert (found["one", "", "shadow"].open, found["one", "", "shadow"].floating) == (2, 2.5)
    assert (found["one", "", "live"].open, found["one", "", "live"].floating) == (1, None)


def test_refusals_are_counted_once_by_gate_and_book(ledger: Ledger) -> None:
    ledger.denied("CAP_EXPOSURE", group="g1", leg="A")
    ledger.denied("CAP_EXPOSURE", group="g1", leg="B")
    ledger.denied("CAP_EXPOSURE", group="g2")
    ledger.denied("NO_PRICE", book="live", group="g3")
    ledger.rejected(1, "adx")
    ledger.rejected(2, "adx", symbol="XAUUSD")
    ledger.rejected(3, "no_position", kind="exit")
    entries = entry_kinds([("one", {"entry": "entry", "exit": "exit"})])
    found = ledger.compared(entries=entries)
    assert found["one", "", "shadow"].refused == {"CAP_EXPOSURE": 2}
    assert found["one", "EURUSD", "live"].refused == {"NO_PRICE": 1}
    assert found["one", "", ""].refused == {"adx": 2}
    assert found["one", "XAUUSD", ""].refused == {"adx": 1}


def test_an_order_that_was_refused_is_not_counted_with_its_alert_again(ledger: Ledger) -> None:
    ledger.rejected(1, "cap_exposure")
    ledger.denied("CAP_EXPOSURE")
    ledger.rows.execute("UPDATE intents SET alert_id = 1")
    found = ledger.compared()
    assert found["one", "", "shadow"].refused == {"CAP_EXPOSURE": 1}
    assert ("one", "", "") not in found


def test_what_takes_alerts_for_a_group_and_asks_for_no_order_has_no_row(ledger: Ledger) -> None:
    ledger.rejected(1, "malformed")
    assert not compare(ledger.rows, (), entries={"another": ("entry",)})
    ledger.denied("CAP_EXPOSURE")
    found = {(row.symbol, row.book): row for row in compare(ledger.rows, (), entries={"another": ("entry",)})}
    assert found["", ""].refused == {"malformed": 1}


@pytest.mark.parametrize("seed", range(5))
def test_the_money_of_a_book_is_that_of_the_running_totals(ledger: Ledger, seed: int) -> None:
    dice = random.Random(seed)
    for number in range(1, 60):
        position = number * dice.choice((1, -1))
        facts = {"plugin": dice.choice(("one", "two")), "symbol": dice.choice(("EURUSD", "XAUUSD"))}
        costs = {"commission": -round(dice.random(), 2), "swap": round(dice.random() - 0.5, 2)}
        ledger.trade(
            position, round(dice.uniform(-50, 50), 2), NOON + dice.randrange(5) * DAY, **facts, **costs
        )
    rebuild(ledger.rows, VirtualClock(), DAYS)
    since = DAYS.around(NOON + 2 * DAY)[0]
    for bounds in ((0, NOON + 99 * DAY), (since, NOON + 99 * DAY)):
        found = ledger.compared(since_ns=bounds[0], until_ns=bounds[1])
        for book in Book:
            sums = totals.read(ledger.rows, "a", book, bounds[0])
            expected = sums.today if bounds[0] else sums.all
            got = {
                plugin: row.money
                for (plugin, symbol, name), row in found.items()
                if name == book and not symbol
            }
            assert got == {plugin: round(one.result / totals.MILLION, 2) for plugin, one in expected.items()}


def test_a_period_is_of_whole_trading_days() -> None:
    since, until = period(DAYS, "2026-01-05", "2026-01-06")
    assert (since, until) == (DAYS.around(NOON)[0], DAYS.around(NOON + DAY)[1])
    assert moment(until) - moment(since) == timedelta(days=2)
    assert period(DAYS, None, None)[0] == 0


@pytest.mark.parametrize(
    ("since", "until"), [("yesterday", None), (None, "2026-13-01"), ("2026-01-06", "2026-01-05")]
)
def test_what_is_no_period_is_refused(since: str | None, until: str | None) -> None:
    with pytest.raises(UsageError):
        period(DAYS, since, until)
