"""Bars of the paper broker: what was before the account began, what its quotes made, and what is kept."""

import sqlite3
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.broker.paper import store
from zepix_core.broker.paper.bar_store import save_pages
from zepix_core.broker.paper.chart import Chart
from zepix_core.broker.paper.charts import Charts
from zepix_core.broker.paper.columns import Columns, Row
from zepix_core.broker.paper.history import Origin
from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.broker.paper.symbols import paper_symbols
from zepix_core.broker.port import MovingBroker
from zepix_core.broker.symbol_settings import SymbolSettings
from zepix_core.clock import NS
from zepix_core.model.market import Bar, Tick
from zepix_core.rules.timeframes import MINUTES
from zepix_core.testing.clock import START_NS, VirtualClock

Make = Callable[..., MovingBroker]
MINUTE = 60 * NS
SYMBOLS = paper_symbols(PaperSettings(), {})
BEGAN = START_NS + 20 * NS


def charts(seed: int | None = 1, symbol: str = "EURUSD", bid: float = 1.168) -> Charts:
    made = Charts(SYMBOLS, seed)
    made.start({}, [Tick(symbol=symbol, bid=bid, ask=bid, time_ns=BEGAN)])
    return made


def tick(bid: float, seconds: float, symbol: str = "EURUSD") -> Tick:
    return Tick(symbol=symbol, bid=bid, ask=bid, time_ns=START_NS + round(seconds * NS))


def shape(bar: Bar) -> tuple[float, float, float, float, int]:
    return bar.open, bar.high, bar.low, bar.close, bar.ticks


@pytest.mark.parametrize("symbol", ["EURUSD", "XAUUSD", "USDJPY"])
@pytest.mark.parametrize("minutes", MINUTES)
def test_a_hundred_bars_of_any_width_exist_at_once(symbol: str, minutes: int) -> None:
    start = next(s.start_bid for s in SYMBOLS if s.info.name == symbol)
    bars = charts(symbol=symbol, bid=start).bars(symbol, minutes, 100, BEGAN)
    assert len(bars) == 100
    assert all(0 < bar.low <= min(bar.open, bar.close) for bar in bars)
    assert all(max(bar.open, bar.close) <= bar.high for bar in bars)
    assert all(before.close == bar.open for before, bar in pairwise(bars))


def test_what_was_before_ends_where_the_first_price_begins() -> None:
    assert charts().bars("EURUSD", 1, 1, BEGAN)[0].close == 1.168


def test_the_same_seed_and_the_same_beginning_have_the_same_past() -> None:
    same = [charts().bars("EURUSD", 60, 50, BEGAN) for _ in range(2)]
    assert same[0] == same[1]
    assert same[0] != charts(seed=2).bars("EURUSD", 60, 50, BEGAN)


def test_the_past_has_no_bars_while_the_market_was_shut() -> None:
    monday = START_NS - START_NS % (86_400 * NS)
    bars = charts().bars("EURUSD", 60, 60, BEGAN)
    closed_from, opened = monday - 50 * 3600 * NS, monday - 2 * 3600 * NS  # Friday 22:00 to Sunday 22:00
    assert any(bar.time_ns <= closed_from for bar in bars)
    assert not [bar for bar in bars if closed_from < bar.time_ns <= opened]


def test_recorded_prices_have_no_made_up_past() -> None:
    assert charts(seed=None).bars("EURUSD", 1, 10, BEGAN) == ()


def test_a_bar_holds_the_quotes_of_its_time_and_shows_only_when_it_is_over() -> None:
    made = charts(seed=None)
    made.take([tick(1.1, 60), tick(1.3, 70), tick(1.0, 80), tick(1.2, 119), tick(1.25, 120)])
    assert made.bars("EURUSD", 1, 5, START_NS + 119 * NS) == ()
    (bar,) = made.bars("EURUSD", 1, 5, START_NS + 120 * NS)
    assert (bar.time_ns, shape(bar)) == (START_NS + 120 * NS, (1.1, 1.3, 1.0, 1.2, 4))


def test_a_bar_ends_without_a_quote_after_it() -> None:
    made = charts(seed=None)
    made.take([tick(1.1, 61)])
    assert len(made.bars("EURUSD", 1, 5, START_NS + 180 * NS)) == 1


def test_a_wide_bar_whose_beginning_nobody_saw_is_left_out() -> None:
    made = charts(seed=None)
    made.take([tick(1.1, 60), tick(1.2, 15 * 60), tick(1.3, 26 * 60)])  # from 12:06 on
    bars = made.bars("EURUSD", 5, 10, START_NS + 3600 * NS)
    assert [bar.open for bar in bars] == [1.2, 1.3]


def test_the_hour_of_the_first_price_has_what_was_made_up_and_what_came() -> None:
    made = charts()
    made.take([tick(1.169, 100), tick(1.167, 200)])
    now = START_NS + 3600 * NS
    (hour,) = made.bars("EURUSD", 60, 1, now)
    parts = [bar for bar in made.bars("EURUSD", 1, 60, now) if bar.time_ns > hour.time_ns - 60 * MINUTE]
    assert (hour.open, hour.close) == (parts[0].open, 1.167)
    assert hour.high == max(bar.high for bar in parts) >= 1.169


def test_a_clock_that_is_set_back_goes_on_in_the_bar_it_finds() -> None:
    made = charts(seed=None)
    made.take([tick(1.1, 60)])
    assert len(made.bars("EURUSD", 1, 5, START_NS + 130 * NS)) == 1
    made.take([tick(1.2, 90)])
    (bar,) = made.bars("EURUSD", 1, 5, START_NS + 130 * NS)
    assert shape(bar) == (1.1, 1.2, 1.1, 1.2, 2)


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(90, 110)), max_size=60))
def test_wide_bars_are_made_of_narrow_ones(moves: list[tuple[int, int]]) -> None:
    made, at = charts(seed=None), 0.0
    made.take([tick(1.0, 3600)])
    for seconds, price in moves:
        at += seconds
        made.take([tick(price / 100, 3600 + at)])
    now = START_NS + round((3600 * 4 + at) * NS)
    narrow = made.bars("EURUSD", 1, 1000, now)
    for bar in made.bars("EURUSD", 5, 1000, now):
        parts = [b for b in narrow if bar.time_ns - 5 * MINUTE < b.time_ns <= bar.time_ns]
        assert shape(bar) == (
            parts[0].open,
            max(b.high for b in parts),
            min(b.low for b in parts),
            parts[-1].close,
            sum(b.ticks for b in parts),
        )


def test_memory_is_bounded() -> None:
    columns = Columns(100)
    for number in range(1000):
        columns.append(Row(number, 1.0, 1.0, 1.0, 1.0, 1))
    assert 100 <= len(columns) <= 125
    assert (columns.first_ns, columns.last_ns) == (1000 - len(columns), 999)
    columns.prepend([Row(-1, 1.0, 1.0, 1.0, 1.0, 0)])
    assert columns.first_ns == 1000 - len(columns)


def test_a_chart_that_is_full_gets_no_made_up_past() -> None:
    made = charts()
    made.take(tick(1.2 + minute % 7 / 1000, 60 * minute) for minute in range(1, 3700))
    bars = made.bars("EURUSD", 1, 5000, START_NS + 3700 * MINUTE)
    assert 3600 <= len(bars) <= 4500
    assert all(bar.ticks for bar in bars)


def test_what_ends_while_a_page_is_written_is_on_the_next_page() -> None:
    chart = Chart("EURUSD", Origin(bid=1.1, time_ns=BEGAN))
    chart.take(1.1, BEGAN)
    chart.take(1.2, BEGAN + MINUTE)
    page = chart.unsaved()
    chart.take(1.3, BEGAN + 2 * MINUTE)
    chart.saved(page)
    assert [bar.row.close for bar in page.ended] == [1.1]
    assert [bar.row.close for bar in chart.unsaved().ended] == [1.2]


async def run(broker: MovingBroker, clock: VirtualClock, seconds: int) -> None:
    for _ in range(seconds):
        clock.advance(1)
        await broker.advance()


@pytest.mark.parametrize("kind", ["stopped", "killed"])
async def test_a_restart_forgets_no_bar(paper: Make, clock: VirtualClock, kind: str) -> None:
    first = paper()
    await first.start()
    await first.observe("EURUSD", 1.2)
    await run(first, clock, 150)
    wanted = {m: await first.bars("EURUSD", m, 200) for m in (1, 5, 60, 1440)}
    assert wanted[5][-1].high >= 1.2 or wanted[1][-1].high >= 1.2
    if kind == "stopped":
        await first.stop()
    second = paper()
    await second.start()
    assert {m: await second.bars("EURUSD", m, 200) for m in wanted} == wanted
    await second.stop()


async def test_a_bar_that_was_being_made_goes_on_after_a_restart(paper: Make, clock: VirtualClock) -> None:
    first = paper()
    await first.start()
    await run(first, clock, 30)
    await first.observe("EURUSD", 1.3)
    await first.stop()
    second = paper()
    await second.start()
    await run(second, clock, 40)
    (bar,) = await second.bars("EURUSD", 1, 1)
    assert bar.high == 1.3
    assert bar.ticks >= 60
    await second.stop()


async def test_a_price_that_an_alert_named_shows_in_the_bar(paper: Make, clock: VirtualClock) -> None:
    broker = paper()
    await broker.start()
    await broker.observe("EURUSD", 1.25)
    await broker.observe("EURUSD", 1.168)
    clock.advance(60)
    (bar,) = await broker.bars("EURUSD", 1, 1)
    assert bar.high == 1.25
    await broker.stop()


async def test_a_symbol_that_waits_for_a_price_has_bars_once_it_has_one(
    paper: Make, clock: VirtualClock
) -> None:
    broker = paper(symbols={"GBPNZD": SymbolSettings(pip_value_per_std_lot=6.0)})
    await broker.start()
    assert await broker.bars("GBPNZD", 60, 10) == ()
    await broker.observe("GBPNZD", 2.1)
    bars = await broker.bars("GBPNZD", 60, 100)
    assert len(bars) == 100 and abs(bars[-1].close - 2.1) < 0.1
    await broker.stop()


async def test_bars_of_another_source_of_prices_are_forgotten(
    paper: Make, clock: VirtualClock, tmp_path: Path
) -> None:
    first = paper()
    await first.start()
    await run(first, clock, 90)
    await first.stop()
    (tmp_path / "ticks.csv").write_text("1,EURUSD,1.1,1.2\n2,EURUSD,1.1,1.2\n")
    second = paper(PaperSettings(prices="ticks.csv"))
    await second.start()
    await run(second, clock, 90)
    (bar,) = await second.bars("EURUSD", 1, 100)
    assert bar.close == 1.1
    await second.stop()


def test_old_bars_leave_the_file() -> None:
    connection = sqlite3.connect(":memory:")
    store.create(connection)
    chart = Chart("EURUSD", Origin(bid=1.1, time_ns=BEGAN))
    for minute in range(6000):
        chart.take(1.1, BEGAN + minute * MINUTE)
        if minute % 500 == 0:
            page = chart.unsaved()
            save_pages(connection, [page])
            chart.saved(page)
    (kept,) = connection.execute("SELECT count(*) FROM bars WHERE minutes = 1").fetchone()
    assert 3600 <= kept <= 4501
    connection.close()
