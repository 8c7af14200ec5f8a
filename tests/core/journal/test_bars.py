"""Bars for plugins and for the price band: asked of the broker when others may have come, and not before."""

import attrs
import pytest
from tests.core.journal.conftest import House, context, single

from zepix_core.errors import BrokerOffline
from zepix_core.journal.bars import LONGEST, REMEMBERED, BarCache
from zepix_core.model.market import Bar
from zepix_core.services.calls import BarsRequest
from zepix_core.testing.clock import VirtualClock

MINUTE_NS = 60_000_000_000


class Counting:
    """A broker of bars: one a minute up to now, or up to ``stands`` for a market that stood still."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.asked = 0
        self.stands = 0

    async def bars(self, symbol: str, timeframe_minutes: int, count: int) -> tuple[Bar, ...]:
        self.asked += 1
        width = timeframe_minutes * MINUTE_NS
        now = self.stands or self.clock.now_ns()
        last = now - now % width
        return tuple(
            Bar(
                symbol=symbol, timeframe=str(timeframe_minutes), time_ns=last - back * width,
                open=1.0, high=1.0, low=1.0, close=1.0,
            )
            for back in reversed(range(count))
        )  # fmt: skip


@pytest.fixture
def broker(clock: VirtualClock) -> Counting:
    return Counting(clock)


@pytest.fixture
def cache(broker: Counting, clock: VirtualClock) -> BarCache:
    return BarCache(broker, clock)  # type: ignore[arg-type]


async def test_bars_are_asked_for_once_until_the_next_may_have_ended(
    cache: BarCache, broker: Counting, clock: VirtualClock
) -> None:
    clock.advance(10)
    first = await cache.ask("EURUSD", 1, 20)
    assert await cache.ask("EURUSD", 1, 20) == first
    assert await cache.ask("EURUSD", 1, 5) == first[-5:]
    assert broker.asked == 1
    clock.advance(50)
    later = await cache.ask("EURUSD", 1, 20)
    assert later[-1].time_ns == first[-1].time_ns + MINUTE_NS
    assert broker.asked == 2


async def test_wide_bars_are_asked_for_again_after_a_minute(
    cache: BarCache, broker: Counting, clock: VirtualClock
) -> None:
    await cache.ask("EURUSD", 60, 20)
    clock.advance(59)
    await cache.ask("EURUSD", 60, 20)
    assert broker.asked == 1
    clock.advance(1)
    await cache.ask("EURUSD", 60, 20)
    assert broker.asked == 2


async def test_an_answer_without_the_newest_bar_holds_a_second(
    cache: BarCache, broker: Counting, clock: VirtualClock
) -> None:
    broker.stands = clock.now_ns() - 3600_000_000_000
    await cache.ask("EURUSD", 1, 20)
    await cache.ask("EURUSD", 1, 20)
    assert broker.asked == 1
    clock.advance(1)
    await cache.ask("EURUSD", 1, 20)
    assert broker.asked == 2


async def test_more_bars_and_other_bars_are_asked_for(cache: BarCache, broker: Counting) -> None:
    await cache.ask("EURUSD", 1, 20)
    assert len(await cache.ask("EURUSD", 1, 21)) == 21
    await cache.ask("EURUSD", 5, 20)
    await cache.ask("GBPUSD", 1, 20)
    assert broker.asked == 4


async def test_what_is_remembered_is_bounded(cache: BarCache, broker: Counting) -> None:
    await cache.ask("EURUSD", 1, LONGEST + 1)
    await cache.ask("EURUSD", 1, LONGEST + 1)
    assert broker.asked == 2
    for number in range(REMEMBERED + 1):
        await cache.ask(f"S{number}", 1, 1)
    await cache.ask("S0", 1, 1)
    assert broker.asked == 2 + REMEMBERED + 2


async def test_a_plugin_reads_bars_of_the_broker(house: House) -> None:
    request = BarsRequest(symbol="EURUSD", minutes=60, count=100)
    bars = await house.services.call(context(house.clock), "market.bars", request)
    assert bars == await house.broker.bars("EURUSD", 60, 100)
    assert len(bars) == 100


async def test_a_plugin_gets_no_bars_while_the_broker_is_away_or_of_an_unknown_symbol(house: House) -> None:
    ctx, request = context(house.clock), BarsRequest(symbol="EURUSD", minutes=60, count=100)
    house.broker.blind = True
    assert await house.services.call(ctx, "market.bars", request) == ()
    unknown = attrs.evolve(request, symbol="NOSUCH")
    assert await house.services.call(ctx, "market.bars", unknown) == ()
    with pytest.raises(BrokerOffline):
        await house.desk.line.bars.ask("EURUSD", 60, 100)


async def test_the_price_band_is_five_times_the_atr_where_that_is_narrower(house: House) -> None:
    house.desk.line.synthetic_prices = False
    ctx = context(house.clock)
    near = await house.desk.check(ctx, single(price=1.1020))
    far = await house.desk.check(ctx, single(price=1.1150))  # 1.4 %, but more than 5 x ATR
    assert [reply.results[0].code for reply in (near, far)] == ["", "PRICE_BAND"]
    assert "ATR" in far.results[0].message


async def test_without_an_atr_the_price_band_is_its_percentage(house: House) -> None:
    house.desk.line.synthetic_prices = False

    async def none(symbol: str, timeframe_minutes: int, count: int) -> tuple[Bar, ...]:
        return ()

    house.broker.bars = none  # type: ignore[method-assign]
    reply = await house.desk.check(context(house.clock), single(price=1.1150))
    assert reply.results[0].code == ""
