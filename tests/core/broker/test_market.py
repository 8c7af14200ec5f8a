"""Made and recorded prices."""

import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.broker.paper.market import SyntheticMarket, TapeMarket
from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.broker.paper.symbols import paper_symbols
from zepix_core.broker.paper.tape import Tape, read_tape
from zepix_core.clock import NS
from zepix_core.errors import SettingsError
from zepix_core.model.market import Tick
from zepix_core.testing.clock import START_NS

SYMBOLS = paper_symbols(PaperSettings(), {})
INFOS = {symbol.info.name: symbol.info for symbol in SYMBOLS}
SATURDAY = START_NS + 5 * 86_400 * NS


def market(seed: int = 7, now: int = START_NS) -> SyntheticMarket:
    made = SyntheticMarket(SYMBOLS, seed, 1.0)
    made.start(now, {}, 0)
    return made


def walk(made: SyntheticMarket, steps: int, now: int = START_NS) -> list[Tick]:
    return [tick for step in range(1, steps + 1) for tick in made.advance(now + step * NS)]


def test_the_same_seed_walks_the_same_way() -> None:
    assert walk(market(7), 50) == walk(market(7), 50)
    assert walk(market(7), 50) != walk(market(8), 50)


def test_every_symbol_has_a_price_from_the_start() -> None:
    made = market()
    assert all(made.quote(name) is not None for name in INFOS)
    assert made.quote("NOSUCH") is None


def test_nothing_moves_before_its_time() -> None:
    made = market()
    assert made.advance(START_NS + NS // 2) == ()
    assert len(made.advance(START_NS + NS)) == len(INFOS)


def test_a_late_visit_makes_one_step_and_keeps_no_debt() -> None:
    made = market()
    assert len(made.advance(START_NS + 100 * NS)) == len(INFOS)
    assert made.advance(START_NS + 100 * NS) == ()


def test_prices_are_on_their_digits_with_both_sides() -> None:
    for tick in walk(market(), 200):
        info = INFOS[tick.symbol]
        assert 0 < tick.bid < tick.ask
        assert tick.bid == round(tick.bid, info.digits) and tick.ask == round(tick.ask, info.digits)


def test_prices_stand_still_while_the_market_is_shut() -> None:
    assert walk(market(now=SATURDAY), 3, SATURDAY) == []


def test_an_alert_price_is_the_newest_quote_and_the_walk_goes_on_from_it() -> None:
    made = market()
    seen = made.observe("EURUSD", 1.23456, START_NS + 1)
    assert seen is not None and (seen.bid, seen.ask) == (1.23456, 1.23464)
    assert made.quote("EURUSD") == seen
    (moved,) = [tick for tick in made.advance(START_NS + NS) if tick.symbol == "EURUSD"]
    assert abs(moved.bid - 1.23456) < 0.001


@pytest.mark.parametrize("price", [0.0, -1.0, float("nan"), float("inf"), 1e-9])
def test_a_price_that_is_none_is_not_followed(price: float) -> None:
    made = market()
    before = made.quote("EURUSD")
    assert made.observe("EURUSD", price, START_NS) is None
    assert made.observe("NOSUCH", 1.0, START_NS) is None
    assert made.quote("EURUSD") == before


def test_a_restart_goes_on_where_the_walk_stood() -> None:
    whole = walk(market(), 20)
    first = market()
    head = walk(first, 10)
    quotes, position = first.snapshot()
    second = SyntheticMarket(SYMBOLS, 7, 1.0)
    second.start(START_NS + 10 * NS, quotes, position)
    tail = walk(second, 10, START_NS + 10 * NS)
    assert head + tail == whole


@given(st.lists(st.tuples(st.integers(-5 * NS, 5 * NS), st.floats(0.5, 2.0)), max_size=20))
def test_time_never_steps_back_even_when_the_clock_does(moves: list[tuple[int, float]]) -> None:
    made = market()
    now, last = START_NS, START_NS
    for step, price in moves:
        now += step
        ticks = [t for t in made.advance(now) if t.symbol == "EURUSD"]
        for tick in [*ticks, made.observe("EURUSD", price, now)]:
            assert tick is not None and tick.time_ns >= last
            last = tick.time_ns


def tape(*rows: tuple[int, str, float, float]) -> Tape:
    names = tuple(dict.fromkeys(row[1] for row in rows))
    made = Tape(names)
    for time_ns, name, bid, ask in rows:
        made.times.append(time_ns)
        made.indexes.append(names.index(name))
        made.bids.append(bid)
        made.asks.append(ask)
    return made


RECORDED = tape((100, "EURUSD", 1.1, 1.2), (300, "EURUSD", 1.3, 1.4), (500, "OTHER", 1.0, 2.0))


def test_a_tape_plays_from_the_start_with_its_own_distances() -> None:
    made = TapeMarket(RECORDED, INFOS)
    made.start(START_NS, {}, 0)
    assert made.advance(START_NS + 199) == (Tick(symbol="EURUSD", bid=1.1, ask=1.2, time_ns=START_NS),)
    assert made.advance(START_NS + 900) == (Tick(symbol="EURUSD", bid=1.3, ask=1.4, time_ns=START_NS + 200),)
    assert made.quote("EURUSD") is not None and made.quote("OTHER") is None
    assert made.observe("EURUSD", 1.0, START_NS) is None


def test_a_restart_goes_on_behind_the_last_tick_played() -> None:
    first = TapeMarket(RECORDED, INFOS)
    first.start(START_NS, {}, 0)
    first.advance(START_NS)
    second = TapeMarket(RECORDED, INFOS)
    second.start(START_NS + 9_000, *first.snapshot())
    assert second.quote("EURUSD") == first.quote("EURUSD")
    (tick,) = second.advance(START_NS + 9_000)
    assert (tick.bid, tick.time_ns) == (1.3, START_NS + 9_000)


def test_a_tape_is_read_from_csv_with_either_kind_of_time(tmp_path: Path) -> None:
    file = tmp_path / "ticks.csv"
    file.write_text(
        "time,symbol,bid,ask\n2026-01-12T12:05:00Z,EURUSD,1.1,1.2\n1768219501000000000,XAUUSD,2000.5,2000.7\n"
    )
    read = read_tape(file)
    assert list(read.times) == [START_NS, START_NS + NS]
    assert [read.at(i) for i in range(2)] == [("EURUSD", 1.1, 1.2), ("XAUUSD", 2000.5, 2000.7)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "holds no ticks"),
        ("2,EURUSD,1.1,1.2\n1,EURUSD,1.1,1.2\n", "line 2: time steps back"),
        ("1,EURUSD,1.2,1.1\n", "line 1: bid 1.2 and ask 1.1"),
        ("1,EURUSD,nan,1.1\n", "line 1"),
        ("1,EURUSD,1.1\n", "line 1"),
        ("yesterday,EURUSD,1.1,1.2\n", "line 1"),
    ],
)
def test_a_bad_tape_is_refused_with_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "ticks.csv"
    file.write_text(text)
    with pytest.raises(SettingsError, match=complaint):
        read_tape(file)


def npy(descr: str, raw: bytes, count: int) -> bytes:
    header = repr({"descr": descr, "fortran_order": False, "shape": (count,)}).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + raw


def npz(**arrays: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in arrays.items():
            archive.writestr(f"{name}.npy", data)
    return buffer.getvalue()


def test_a_tape_is_read_from_arrays_of_points_without_numpy(tmp_path: Path) -> None:
    file = tmp_path / "ticks.npz"
    file.write_bytes(
        npz(
            ts=npy("<i8", struct.pack("<2q", 10, 20), 2),
            sym=npy("|u1", bytes([1, 0]), 2),
            bid=npy("<i4", struct.pack("<2i", 203_501, 108_503), 2),
            ask=npy("<i4", struct.pack("<2i", 203_519, 108_511), 2),
            symbols=npy("<U6", "EURUSD".encode("utf-32-le") + "XAUUSD".encode("utf-32-le"), 2),
            digits=npy("<i4", struct.pack("<2i", 5, 2), 2),
        )
    )
    read = read_tape(file)
    assert [read.at(i) for i in range(2)] == [("XAUUSD", 2035.01, 2035.19), ("EURUSD", 1.08503, 1.08511)]


def test_arrays_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "ticks.npz"
    file.write_bytes(npz(ts=npy("<f8", struct.pack("<d", 1.0), 1)))
    with pytest.raises(SettingsError, match="holds <f8, not integers"):
        read_tape(file)
    file.write_bytes(b"not a zip file")
    with pytest.raises(SettingsError, match="not a tick file"):
        read_tape(file)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_tape(tmp_path / "missing.csv")
    with pytest.raises(SettingsError, match="neither"):
        read_tape(tmp_path / "ticks.parquet")
