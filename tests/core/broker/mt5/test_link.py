"""Connecting, losing the terminal or its server, and people at its screen."""

import logging
from collections.abc import Callable

import pytest
from tests.core.broker.mt5.asking import Heard, closing, opening

from zepix_core.broker.mt5.broker import PATIENCE_SECONDS, REFUSED_SECONDS, Mt5Broker
from zepix_core.broker.mt5.module import load_module, why_missing
from zepix_core.broker.symbol_settings import SymbolSettings
from zepix_core.errors import BrokerOffline, OutcomeUnknown, SettingsError
from zepix_core.model.order import DealEntry
from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.fake_mt5 import FakeAccount, FakeMT5, forex, gold

Make = Callable[..., Mt5Broker]
SECOND = FakeAccount(login=777, password="other", server="Fake-Demo")


async def refused(broker: Mt5Broker) -> None:
    """Every call is refused at once."""
    for ask in (
        broker.submit(opening()),
        broker.positions(),
        broker.orders(),
        broker.deals(),
        broker.account(),
        broker.quote("EURUSD"),
        broker.bars("EURUSD", 60, 5),
        broker.margin("EURUSD", 0.1),
    ):
        with pytest.raises(BrokerOffline):
            await ask


async def test_the_hello_tells_account_symbols_and_how_long_a_call_lives_on(make: Make) -> None:
    hello = await make().start()
    account = hello.account
    assert (account.login, account.server, account.trade_mode) == (50_001_234, "Fake-Demo", "demo")
    assert account.hedging and account.margin_level is None
    assert {info.name for info in hello.symbols} == {"EURUSD", "GBPUSD", "USDJPY", "AUDUSD", "XAUUSD"}
    assert hello.afterlife_seconds == 30.0 and not hello.synthetic_prices


async def test_a_symbol_is_told_with_the_brokers_facts_and_the_operators_word_over_them(
    fake: FakeMT5, make: Make
) -> None:
    fake.change_symbol("EURUSD", stops_level=20, freeze_level=5, volume_max=40.0)
    said = {"EURUSD": SymbolSettings(max_lot=2.0, pip_value_per_std_lot=9.0, max_spread_pips=1.5)}
    infos = {info.name: info for info in (await make(said).start()).symbols}
    euro, yen, metal = infos["EURUSD"], infos["USDJPY"], infos["XAUUSD"]
    assert (euro.stops_level, euro.freeze_level, euro.volume_max) == (20, 5, 2.0)
    assert (euro.pip_value, euro.max_spread_pips, euro.pip_size) == (9.0, 1.5, 0.0001)
    assert yen.pip_value == pytest.approx(1000 / 150.012, rel=1e-6), "as the broker counts it"
    assert (metal.pip_size, metal.pip_value, metal.max_spread_pips) == (0.1, 10.0, 3.0)


@pytest.mark.parametrize("fake", [{"symbols": (forex("EURUSD.m", 1.085), gold("GOLD"))}], indirect=True)
async def test_symbols_have_the_brokers_names_at_the_border_alone(make: Make, fake: FakeMT5) -> None:
    broker = make(mapping={"EURUSD": "EURUSD.m", "XAUUSD": "GOLD"})
    hello = await broker.start()
    assert [(info.name, info.broker_name) for info in hello.symbols] == [
        ("EURUSD", "EURUSD.m"),
        ("XAUUSD", "GOLD"),
    ]
    opened = await broker.submit(opening(symbol="XAUUSD"))
    fake.by_hand_open("EURUSD.m", 0, 0.1)
    assert [position.symbol for position in await broker.positions()] == ["XAUUSD", "EURUSD"]
    assert [deal.symbol for deal in await broker.deals()] == ["XAUUSD", "EURUSD"]
    assert (await broker.submit(closing(opened, symbol="XAUUSD"))).retcode == 10009
    assert (await broker.quote("XAUUSD")).symbol == "XAUUSD"  # type: ignore[union-attr]
    assert len(await broker.bars("XAUUSD", 60, 5)) == 5


@pytest.mark.parametrize("fake", [{"symbols": (forex("EURUSD.m", 1.085),)}], indirect=True)
async def test_a_symbol_that_is_missing_is_named_with_what_may_be_meant(
    make: Make, fake: FakeMT5, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        hello = await make({"EURUSD": SymbolSettings()}).start()
    assert hello.symbols == ()
    (told,) = [record.getMessage() for record in caplog.records]
    assert "did you mean EURUSD.m?" in told and "symbol_mapping.EURUSD" in told


async def test_a_symbol_outside_the_market_watch_is_put_into_it(make: Make, fake: FakeMT5) -> None:
    assert "AUDUSD" not in fake.market.selected
    broker = make()
    await broker.start()
    assert await broker.quote("AUDUSD") is not None
    fake.market.selected.discard("AUDUSD")
    assert (await broker.submit(opening(symbol="AUDUSD"))).retcode == 10009


@pytest.mark.parametrize("fake", [{"symbols": (forex("EURUSD", 0.0), forex("GBPUSD", 1.27))}], indirect=True)
async def test_a_symbol_without_a_price_yet_has_no_quote(make: Make, fake: FakeMT5) -> None:
    broker = make()
    await broker.start()
    assert await broker.quote("EURUSD") is None
    assert (await broker.submit(opening())).retcode == 10021
    fake.push_quote("EURUSD", 1.085)
    assert (await broker.submit(opening())).retcode == 10009


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"password": "wrong"}, "refused the login"),
        ({"login": 1}, "refused the login"),
        ({"server": "Other-Server"}, "refused the login"),
    ],
)
async def test_a_login_that_is_refused_is_not_tried_again(
    make: Make, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        await make(retries=5, **changes).start()
    assert "mt5_password" in caught.value.hint


async def test_a_terminal_that_is_not_there_is_tried_again_and_then_offline(
    make: Make, clock: VirtualClock
) -> None:
    with pytest.raises(BrokerOffline, match="not found"):
        await make(path="C:/nowhere/terminal64.exe").start()


async def test_a_real_account_needs_live(make: Make, fake: FakeMT5) -> None:
    fake.change_account(trade_mode=2)
    with pytest.raises(SettingsError, match="REAL account"):
        await make().start()
    hello = await make(live=True).start()
    assert hello.account.trade_mode == "real"


async def test_an_account_that_becomes_real_is_let_go(
    broker: Mt5Broker, fake: FakeMT5, clock: VirtualClock
) -> None:
    heard = Heard(broker)
    fake.change_account(trade_mode=2)
    with pytest.raises(BrokerOffline, match="REAL account"):
        await broker.submit(opening())
    assert heard.links == [False] and fake._request_id == 0
    clock.advance(PATIENCE_SECONDS)
    await broker.advance()
    fake.change_account(trade_mode=0)
    await broker.advance()
    assert heard.links == [False], "what a person must settle is not hammered"
    clock.advance(REFUSED_SECONDS)
    await broker.advance()
    assert heard.links == [False, True]


@pytest.mark.parametrize("fake", [{"accounts": (FakeAccount(), SECOND)}], indirect=True)
async def test_another_account_at_the_screen_is_noticed_before_the_next_trade(
    clock: VirtualClock, make: Make, fake: FakeMT5
) -> None:
    broker = make()
    await broker.start()
    heard = Heard(broker)
    fake.switch_account(777)
    with pytest.raises(BrokerOffline, match="logged in to 777"):
        await broker.submit(opening())
    assert heard.links == [False] and not fake.ledger.positions
    await refused(broker)
    clock.advance(1)
    await broker.advance()
    assert heard.links == [False, True], "it logs in to its own account again"
    assert (await broker.submit(opening())).retcode == 10009
    assert not fake.broker.ledgers[777].positions


async def test_a_lost_server_is_told_and_waited_for(
    broker: Mt5Broker, fake: FakeMT5, clock: VirtualClock
) -> None:
    heard = Heard(broker)
    opened = await broker.submit(opening())
    fake.disconnect()
    with pytest.raises(BrokerOffline, match="no connection to the broker's server"):
        await broker.advance()
    assert heard.links == [False]
    await refused(broker)
    for _ in range(5):
        clock.advance(1)
        await broker.advance()
    fake.by_hand_close(opened.position)
    fake.reconnect()
    clock.advance(10)
    await broker.advance()
    await broker.advance()
    assert heard.links == [False, True]
    assert [deal.entry for deal in heard.deals] == [DealEntry.IN, DealEntry.OUT], (
        "and what happened meanwhile"
    )
    assert heard.changes == 1


async def test_a_terminal_that_ended_is_started_again(
    broker: Mt5Broker, fake: FakeMT5, clock: VirtualClock
) -> None:
    heard = Heard(broker)
    fake.kill_terminal()
    with pytest.raises(BrokerOffline, match="no connection to the terminal"):
        await broker.submit(opening())
    clock.advance(1)
    await broker.advance()
    assert fake.terminal.alive and heard.links == [False, True]
    assert (await broker.submit(opening())).retcode == 10009


async def test_a_look_without_an_answer_is_a_lost_terminal_and_never_an_empty_account(
    broker: Mt5Broker, fake: FakeMT5
) -> None:
    heard = Heard(broker)
    await broker.submit(opening())
    for function, ask in (
        ("positions_get", broker.positions),
        ("history_deals_get", broker.deals),
        ("orders_get", broker.orders),
    ):
        fake.fail_reads(function=function)
        with pytest.raises(BrokerOffline):
            await ask()
        broker._up = True
    assert heard.links and heard.changes == 0


async def test_a_module_that_raises_has_given_no_answer(
    broker: Mt5Broker, fake: FakeMT5, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = Heard(broker)

    def failing(*_: object, **__: object) -> None:
        raise SystemError("returned a result with an exception set")

    monkeypatch.setattr(broker._session.module, "positions_get", failing)
    with pytest.raises(BrokerOffline, match="SystemError"):
        await broker.positions()
    assert heard.links == [False]
    monkeypatch.undo()
    clock.advance(1)
    await broker.advance()
    monkeypatch.setattr(broker._session.module, "order_send", failing)
    with pytest.raises(OutcomeUnknown, match="SystemError"):
        await broker.submit(opening())
    monkeypatch.setattr(broker._session.module, "order_send", lambda _: object())
    with pytest.raises(OutcomeUnknown, match="not understood"):
        await broker.submit(opening())
    assert heard.links == [False, True], "a trade whose answer is nonsense is unknown, not offline"


async def test_bars_that_are_not_given_are_no_lost_terminal(broker: Mt5Broker, fake: FakeMT5) -> None:
    heard = Heard(broker)
    fake.fail_reads(code=-1, function="copy_rates_from_pos")
    with pytest.raises(BrokerOffline, match="gave no bars"):
        await broker.bars("EURUSD", 60, 5)
    assert heard.links == []
    assert len(await broker.bars("EURUSD", 60, 5)) == 5


async def test_a_restarted_gateway_finds_everything_by_its_identifier(make: Make) -> None:
    first = make()
    await first.start()
    opened = await first.submit(opening())
    await first.stop()
    second = make()
    heard = Heard(second)
    await second.start()
    assert [position.ticket for position in await second.positions()] == [opened.position]
    assert len(await second.deals()) == 1 and heard.deals == [], "what was before, whoever wants it reads"
    await second.submit(closing(opened))
    assert [deal.entry for deal in heard.deals] == [DealEntry.OUT]


async def test_money_that_comes_and_goes_is_no_deal(broker: Mt5Broker, fake: FakeMT5) -> None:
    fake.pay_in(500.0)
    assert await broker.deals() == ()
    assert (await broker.account()).balance == 10_500.0


def test_where_the_package_is_missing_a_line_says_what_to_do_instead() -> None:
    with pytest.raises(SettingsError) as caught:
        load_module()
    text = str(caught.value)
    assert "\n" not in text
    assert ("zepix-core[mt5]" in text) or all(word in text for word in ("Windows", "paper", "bridge"))


def test_on_windows_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import zepix_core.broker.mt5.module as module

    monkeypatch.setattr(module, "installable", lambda: True)
    assert "pip install" in why_missing("No module named MetaTrader5")[1]
