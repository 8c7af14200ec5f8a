"""Times of the broker become UTC at this border; its clock is measured, kept, pinned, and looked at again."""

from collections.abc import Callable

import pytest
from tests.core.broker.mt5.asking import Heard, closing, opening

from zepix_core.broker.mt5.broker import Mt5Broker
from zepix_core.clock import NS
from zepix_core.errors import BrokerOffline
from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.fake_mt5 import FakeMT5

Make = Callable[..., Mt5Broker]
HOUR = 3600
SATURDAY_NS = 1_768_651_200 * NS


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> VirtualClock:
    """Monday noon, or the moment a test names."""
    return VirtualClock(request.param) if hasattr(request, "param") else VirtualClock()


async def start(broker: Mt5Broker, clock: VirtualClock, fake: FakeMT5, *, quotes: bool = True) -> None:
    """Start while the market moves."""
    import asyncio

    starting = asyncio.ensure_future(broker.start())
    while not starting.done():
        await asyncio.sleep(0.001)
        if clock.sleeping:
            clock.advance(0.25)
            if quotes:
                move(fake)
    await starting


def move(fake: FakeMT5) -> None:
    fake.push_quote("EURUSD", 1.085)
    fake.push_quote("GBPUSD", 1.27)


async def test_the_offset_is_measured_at_the_start(make: Make, fake: FakeMT5, clock: VirtualClock) -> None:
    broker = make(offset_hours=None)
    await start(broker, clock, fake)
    quote = await broker.quote("EURUSD")
    assert quote is not None and quote.time_ns == clock.now_ns()
    await broker.submit(opening())
    (position,) = await broker.positions()
    (deal,) = await broker.deals()
    assert position.time_ns == deal.time_ns == clock.now_ns()
    bars = await broker.bars("EURUSD", 1440, 10)
    assert all(bar.time_ns % (86_400 * NS) == 0 and bar.time_ns <= clock.now_ns() for bar in bars)


async def test_it_is_kept_for_the_next_gateway(make: Make, fake: FakeMT5, clock: VirtualClock) -> None:
    first = make(offset_hours=None)
    await start(first, clock, fake)
    await first.stop()
    second = make(offset_hours=None)
    await start(second, clock, fake, quotes=False)
    assert (await second.quote("EURUSD")) is not None


async def test_while_it_is_not_known_no_time_is_told(make: Make, fake: FakeMT5, clock: VirtualClock) -> None:
    broker = make(offset_hours=None)
    heard = Heard(broker)
    await start(broker, clock, fake, quotes=False)
    assert await broker.quote("EURUSD") is None
    fake.by_hand_open("EURUSD", 0, 0.1)
    await broker.advance()
    for read in (broker.positions, broker.orders, broker.deals):
        with pytest.raises(BrokerOffline, match="clock is not known"):
            await read()
    assert heard.deals == [] == heard.ticks
    assert heard.links == [] and (await broker.account()).balance == 10_000.0
    clock.advance(1)
    move(fake)
    await broker.advance()
    assert len(await broker.positions()) == len(await broker.deals()) == 1


@pytest.mark.parametrize("clock", [SATURDAY_NS], indirect=True)
async def test_a_start_at_the_weekend_does_not_wait_for_quotes(make: Make, clock: VirtualClock) -> None:
    broker = make(offset_hours=None)
    await broker.start()
    assert await broker.quote("EURUSD") is None


@pytest.mark.parametrize("clock", [SATURDAY_NS], indirect=True)
async def test_a_pinned_offset_needs_no_open_market(make: Make, fake: FakeMT5, clock: VirtualClock) -> None:
    broker = make(offset_hours=2.0)
    await broker.start()
    assert await broker.positions() == () == await broker.deals()
    assert (await broker.quote("EURUSD")) is not None


async def test_quotes_that_contradict_a_pin_are_told_and_not_obeyed(
    make: Make, fake: FakeMT5, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    broker = make(offset_hours=3.0)
    await broker.start()
    for _ in range(3):
        clock.advance(1)
        move(fake)
        await broker.advance()
    assert caplog.text.count("mt5_server_offset_hours says +3") == 1
    assert (await broker.quote("EURUSD")).time_ns == clock.now_ns() - HOUR * NS  # type: ignore[union-attr]


async def test_when_the_broker_changes_its_clocks_earlier_deals_keep_their_time(
    make: Make, fake: FakeMT5, clock: VirtualClock
) -> None:
    broker = make(offset_hours=None)
    await start(broker, clock, fake)
    opened = await broker.submit(opening())
    before = clock.now_ns()
    clock.advance(2 * 86_400)
    fake.clock_jump(HOUR)
    for _ in range(2):
        clock.advance(1)
        move(fake)
        await broker.advance()
    await broker.submit(closing(opened))
    entry, leave = await broker.deals()
    assert (entry.time_ns, leave.time_ns) == (before, clock.now_ns())
    assert (await broker.quote("EURUSD")).time_ns == clock.now_ns()  # type: ignore[union-attr]
    assert (await broker.deals(since_ns=leave.time_ns)) == (leave,)


async def test_ticks_never_step_back_and_come_once(
    broker: Mt5Broker, fake: FakeMT5, clock: VirtualClock
) -> None:
    heard = Heard(broker)
    for bid in (1.0851, 1.0852, 1.0853):
        clock.advance(1)
        fake.push_quote("EURUSD", bid)
        await broker.advance()
        await broker.advance()
    fake.clock_jump(-HOUR)
    fake.push_quote("EURUSD", 1.0854)
    await broker.advance()
    assert [tick.bid for tick in heard.ticks] == [1.0851, 1.0852, 1.0853]
    assert [tick.time_ns for tick in heard.ticks] == sorted({tick.time_ns for tick in heard.ticks})


async def test_bars_on_utcs_clock_are_whole_whatever_the_brokers_midnight(
    broker: Mt5Broker, fake: FakeMT5, clock: VirtualClock
) -> None:
    for quarter in range(60 * 24 // 15 * 2):
        fake.push_quote("EURUSD", round(1.08 + quarter * 0.0001, 5))
        clock.advance(15 * 60)
    for minutes, count in ((1440, 1), (240, 5), (720, 2)):
        bars = await broker.bars("EURUSD", minutes, count)
        assert len(bars) == count
        for bar in bars:
            assert bar.ticks == minutes // 15, "no quote of its span is missing and none is foreign"
            assert bar.time_ns % (minutes * 60 * NS) == 0


async def test_a_deal_is_told_once_however_it_is_found(
    broker: Mt5Broker, fake: FakeMT5, clock: VirtualClock
) -> None:
    heard = Heard(broker)
    opened = await broker.submit(opening())
    for _ in range(4):
        clock.advance(20)
        await broker.advance()
    fake.by_hand_close(opened.position, 0.04)
    for _ in range(4):
        clock.advance(20)
        await broker.advance()
    assert [deal.volume for deal in heard.deals] == [0.1, 0.04]
    assert tuple(heard.deals) == await broker.deals()


async def test_a_deal_that_shows_no_other_trace_is_found_by_the_sweep(
    broker: Mt5Broker, fake: FakeMT5, clock: VirtualClock
) -> None:
    heard = Heard(broker)
    ticket = fake.by_hand_open("EURUSD", 0, 0.1)
    fake.by_hand_close(ticket)
    await broker.advance()
    assert heard.deals == [] and heard.changes == 0
    clock.advance(30)
    await broker.advance()
    assert len(heard.deals) == 2
