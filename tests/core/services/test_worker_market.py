"""Bars, ranges and volatility as a plugin asks for them."""

from typing import Any

import attrs
import pytest

from zepix_core.errors import BadArgument
from zepix_core.model.market import Bar, SymbolInfo, TradeMode, TradingHours
from zepix_core.model.volatility import Volatility
from zepix_core.services.calls import CALLS
from zepix_core.services.worker_market import Market
from zepix_core.wire.codec import through

GOLD = SymbolInfo(name="XAUUSD", digits=2, point=0.01, pip_size=0.1, pip_value=10.0, contract_size=100.0)


class Host:
    """Answers with 120 bars of 2.00, the last 20 of 4.00; every value crosses the codec."""

    in_alert, alert_key, alert_received = True, "a", None

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.info = GOLD
        self.open = True

    async def call(self, name: str, payload: Any) -> Any:
        kind, reply = CALLS[name]
        self.asked.append(through(payload, kind))
        return through(self.answer(name, payload), reply)

    def answer(self, name: str, payload: Any) -> Any:
        known = payload.symbol == "XAUUSD"
        if name == "market.symbol":
            return self.info if known else None
        if name == "market.hours":
            return TradingHours(symbol=payload.symbol, is_open=self.open) if known else None
        bars = [bar(2.0)] * 100 + [bar(4.0)] * 20
        return tuple(bars[-payload.count :]) if known else ()


def bar(reach: float) -> Bar:
    return Bar(
        symbol="XAUUSD", timeframe="15", time_ns=0, open=2030.0, high=2030.0 + reach, low=2030.0, close=2030.0
    )


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def market(host: Host) -> Market:
    return Market(host, lambda: 0.0)


async def test_a_timeframe_is_asked_for_in_minutes(market: Market, host: Host) -> None:
    assert len(await market.get_bars("XAUUSD", "1h", 5)) == 5
    assert (host.asked[0].minutes, host.asked[0].count) == (60, 5)


@pytest.mark.parametrize(
    "arguments",
    [("XAUUSD", "1M"), ("XAUUSD", "7m"), ("XAUUSD", ""), ("", "1h"), ("XAUUSD", "1h", 0),
     ("XAUUSD", "1h", 1001), ("XAUUSD", "1h", 2.0), ("XAUUSD", "1h", True)],
)  # fmt: skip
async def test_a_wrong_argument_raises(market: Market, host: Host, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(BadArgument):
        await market.get_bars(*arguments)
    assert host.asked == []


async def test_a_range_is_of_the_last_bars(market: Market) -> None:
    told = await market.get_price_range("XAUUSD", "15m")
    assert told is not None
    assert (told.high, told.low, told.range_pips) == (2034.0, 2030.0, 40.0)
    assert (told.atr_estimate, told.bars_analyzed) == (40.0, 20)


async def test_volatility_is_the_last_twenty_bars_against_a_hundred(market: Market) -> None:
    told = await market.get_volatility_state("XAUUSD")
    assert told.state is Volatility.HIGH
    assert (told.atr_current, told.atr_average) == (40.0, 24.0)
    assert told.volatility_ratio == pytest.approx(40 / 24)


async def test_the_atr_is_in_price_and_asks_for_one_bar_more(market: Market, host: Host) -> None:
    assert await market.get_atr("XAUUSD") == 4.0
    assert (host.asked[0].minutes, host.asked[0].count) == (60, 15)
    assert await market.get_atr("XAUUSD", 200) is None


async def test_what_is_not_known_is_none_or_unknown(market: Market) -> None:
    assert await market.get_bars("NOSUCH", "1h") == ()
    assert await market.get_price_range("NOSUCH", "1h") is None
    assert await market.get_atr("NOSUCH") is None
    assert (await market.get_volatility_state("NOSUCH")).state is Volatility.UNKNOWN


@pytest.mark.parametrize(
    ("mode", "is_open"),
    [("full", True), ("longonly", True), ("shortonly", True), ("closeonly", False), ("disabled", False)],
)
async def test_a_market_is_open_when_the_broker_takes_entries(
    market: Market, host: Host, mode: str, is_open: bool
) -> None:
    host.info = attrs.evolve(GOLD, trade_mode=TradeMode(mode))
    assert await market.is_market_open("XAUUSD") is is_open


async def test_a_market_is_shut_outside_of_its_session(market: Market, host: Host) -> None:
    host.open = False
    assert not await market.is_market_open("XAUUSD")
    assert not await market.is_market_open("NOSUCH")


async def test_facts_of_a_symbol_have_the_names_of_before(market: Market) -> None:
    info = await market.get_symbol_info("XAUUSD")
    assert info is not None
    assert (info.pip_value_per_std_lot, info.min_lot, info.max_lot, info.lot_step) == (10.0, 0.01, 50.0, 0.01)
