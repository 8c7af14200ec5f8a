"""The prices that alerts name, kept until an alert is acted on."""

import asyncio
from datetime import UTC, datetime

import pytest

from zepix_core.inbox import prices as room
from zepix_core.inbox.prices import AlertPrices
from zepix_core.model.alert import Alert


class Market:
    """Writes down what it is told; `slow` holds the telling up."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, float]] = []
        self.may_go = asyncio.Event()
        self.may_go.set()

    async def observe(self, symbol: str, price: float) -> None:
        await self.may_go.wait()
        self.seen.append((symbol, price))


@pytest.fixture
def market() -> Market:
    return Market()


@pytest.fixture
def prices(market: Market) -> AlertPrices:
    return AlertPrices(market.observe)


def alert(number: int, symbol: str | None = "EURUSD") -> Alert:
    return Alert(
        id=number, key=f"k{number}", kind="go", body="", received_at=datetime(2026, 1, 5, tzinfo=UTC),
        symbol=symbol,
    )  # fmt: skip


async def test_a_price_is_passed_on_when_its_alert_is_taken_and_once(
    market: Market, prices: AlertPrices
) -> None:
    prices.remember(alert(1, "OANDA:eurusd"), 1.1)
    assert market.seen == []
    await prices.take(alert(1), "EURUSD")
    prices.remember(alert(1), 1.1)
    await prices.take(alert(1))
    assert market.seen == [("EURUSD", 1.1)]


async def test_a_question_about_another_symbol_takes_nothing(market: Market, prices: AlertPrices) -> None:
    prices.remember(alert(1), 1.1)
    await prices.take(alert(1), "XAUUSD")
    assert market.seen == []


async def test_an_older_price_never_follows_a_newer_one(market: Market, prices: AlertPrices) -> None:
    for number in (1, 2):
        prices.remember(alert(number), 1.0 + number)
    await prices.take(alert(2))
    await prices.take(alert(1))
    assert market.seen == [("EURUSD", 3.0)]


async def test_a_second_question_waits_until_the_market_has_the_price(
    market: Market, prices: AlertPrices
) -> None:
    prices.remember(alert(1), 1.1)
    market.may_go.clear()
    both = asyncio.gather(prices.take(alert(1)), prices.take(alert(1)))
    await asyncio.sleep(0)
    assert not both.done()
    market.may_go.set()
    await both
    assert market.seen == [("EURUSD", 1.1)]


async def test_alerts_without_price_or_symbol_are_not_kept(market: Market, prices: AlertPrices) -> None:
    prices.remember(alert(1), None)
    prices.remember(alert(2, None), 1.1)
    await prices.take(alert(1))
    await prices.take(alert(2))
    assert market.seen == []


async def test_what_is_kept_is_bounded(
    market: Market, prices: AlertPrices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "ALERTS_REMEMBERED", 2)
    for number in (1, 2, 3):
        prices.remember(alert(number), 1.0 + number)
    await prices.take(alert(1))
    assert market.seen == []
    await prices.take(alert(2))
    assert market.seen == [("EURUSD", 3.0)]


async def test_a_market_that_does_not_answer_is_not_waited_for(
    market: Market, prices: AlertPrices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "OBSERVE_SECONDS", 0.01)
    market.may_go.clear()
    prices.remember(alert(1), 1.1)
    await prices.take(alert(1))
    assert market.seen == []
