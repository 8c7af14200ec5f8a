"""What the doctor says of a terminal, before anything is traded there."""

from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.core.broker.mt5.conftest import ACCOUNT

from zepix_core.broker.mt5.inspection import inspect
from zepix_core.broker.mt5.memory import Memory
from zepix_core.broker.mt5.server_time import Offsets
from zepix_core.broker.symbol_settings import SymbolSettings
from zepix_core.cli.finding import BAD, OK, WARN, Finding
from zepix_core.cli.terminal import findings_of, terminal_findings
from zepix_core.config.home import Home
from zepix_core.config.secrets import Secret
from zepix_core.config.settings import HostSettings
from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.fake_mt5 import KNOWN_DIVERGENCES, FakeAccount, FakeMT5, forex


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def look(fake: FakeMT5, clock: VirtualClock, tmp_path: Path) -> Any:
    """The doctor's rows about the terminal, by name."""

    def rows(*, log_in: bool = True, live: bool = False, **changes: Any) -> dict[str, Finding]:
        usual = {
            "broker": "mt5",
            "mt5_login": ACCOUNT.login,
            "mt5_password": Secret(ACCOUNT.password),
            "mt5_server": ACCOUNT.server,
            "mt5_server_offset_hours": 2.0,
        }
        settings = HostSettings(**{**usual, "live": live, **changes})
        seen = inspect(
            settings.mt5, settings.symbol_config, clock,
            memory=tmp_path / "mt5.json", live=live, log_in=log_in, load=lambda: fake.module,
        )  # fmt: skip
        return {finding.name: finding for finding in findings_of(seen, settings, clock)}

    return rows


def test_with_everything_in_order_each_row_says_so(look: Any, fake: FakeMT5) -> None:
    rows = look()
    double = [name for name in rows if "double" in name]
    assert {row.result for name, row in rows.items() if name not in double} == {OK}
    assert rows["account"].detail == "50001234 on Fake-Demo, demo, hedging, USD, 1:100"
    assert rows["symbol EURUSD"].detail == "EURUSD, full, filling FOK"
    assert rows["broker's clock"].detail == "+2 h from UTC, as mt5_server_offset_hours says"
    assert "ping 42 ms" in rows["MetaTrader 5 terminal"].detail
    assert fake.positions_get() is None, "and it lets go of the terminal"


def test_a_double_is_never_sold_as_a_broker(look: Any) -> None:
    assert look()["MetaTrader 5 double"].detail == KNOWN_DIVERGENCES[-1]


def test_without_the_package_one_line_offers_what_there_is(tmp_path: Path) -> None:
    home = Home(tmp_path)
    (finding,) = terminal_findings(home, HostSettings(broker="mt5"), host_runs=False)
    assert finding.result == BAD and "\n" not in finding.detail + finding.next
    assert "zepix-core[mt5]" in finding.next or all(
        word in finding.next for word in ("paper", "Windows", "bridge")
    )


def test_switches_that_are_off_are_named(look: Any, fake: FakeMT5) -> None:
    fake.autotrading(False)
    assert (look()["Algo Trading"].result, look()["Algo Trading"].detail) == (BAD, "off")
    fake.autotrading(True)
    fake.python_api(False)
    row = look()["Algo Trading"]
    assert row.detail == "off for Python" and "external Python API" in row.next


def test_a_terminal_without_its_server_is_bad(look: Any, fake: FakeMT5) -> None:
    fake.disconnect()
    rows = look(log_in=False)
    assert rows["MetaTrader 5 terminal"].result == BAD
    assert "no connection" in rows["MetaTrader 5"].detail


def test_a_wrong_login_is_told_with_what_to_check(look: Any) -> None:
    row = look(mt5_server="Other")["MetaTrader 5"]
    assert row.result == BAD and "refused the login" in row.detail and "mt5_password" in row.next


@pytest.mark.parametrize("fake", [{"accounts": (FakeAccount(login=777), FakeAccount())}], indirect=True)
def test_while_a_host_runs_another_account_is_told_and_not_changed(look: Any, fake: FakeMT5) -> None:
    row = look(log_in=False)["MetaTrader 5"]
    assert row.result == BAD and "logged in to 777" in row.detail
    assert fake.terminal.login == 777


def test_a_real_account_asks_for_live(look: Any, fake: FakeMT5) -> None:
    fake.change_account(None, trade_mode=2)
    assert "REAL account" in look()["MetaTrader 5"].detail
    assert look(live=True)["account"].detail.startswith("50001234 on Fake-Demo, real")


@pytest.mark.parametrize(
    ("fact", "row", "result", "words"),
    [
        ({"margin_mode": 0}, "account mode", WARN, "pairs of orders are refused"),
        ({"fifo_close": True}, "account mode", WARN, "oldest"),
        ({"trade_allowed": False}, "account trading", BAD, "not allowed"),
        ({"trade_expert": False}, "account trading", BAD, "programs"),
    ],
)
def test_what_the_account_lacks(
    look: Any, fake: FakeMT5, fact: dict[str, Any], row: str, result: str, words: str
) -> None:
    fake.change_account(None, **fact)
    found = look()[row]
    assert found.result == result and words in found.detail


@pytest.mark.parametrize(
    ("fact", "result", "words"),
    [
        ({"trade_mode": 3}, WARN, "cannot be traded both ways"),
        ({"filling_mode": 0}, BAD, "no market orders"),
        ({"volume_min": 0.1}, WARN, "least volume is 0.1"),
        ({"stops_level": 80}, WARN, "nearer than 80 points"),
        ({"stops_level": 20}, OK, "filling FOK"),
    ],
)
def test_what_a_symbol_lacks(look: Any, fake: FakeMT5, fact: dict[str, Any], result: str, words: str) -> None:
    fake.change_symbol("EURUSD", **fact)
    found = look()["symbol EURUSD"]
    assert found.result == result and words in found.detail


def test_a_lot_above_the_most_is_bad(look: Any, fake: FakeMT5) -> None:
    fake.change_symbol("EURUSD", volume_min=1.0)
    row = look(symbol_config={"EURUSD": SymbolSettings(max_lot=0.5)})["symbol EURUSD"]
    assert row.result == BAD and row.next == "Raise symbol_config.EURUSD.max_lot."


@pytest.mark.parametrize("fake", [{"symbols": (forex("EURUSD.m", 1.085),)}], indirect=True)
def test_a_symbol_the_broker_calls_otherwise_is_found_for_the_person(look: Any) -> None:
    row = look(symbol_config={"EURUSD": SymbolSettings()})["symbol EURUSD"]
    assert row.detail == "the broker has no EURUSD; did you mean EURUSD.m?"
    assert row.next == 'Set symbol_mapping.EURUSD, such as "EURUSD.m".'
    assert "symbol GBPUSD" not in look()


def test_an_old_quote_in_an_open_market_is_told(look: Any, clock: VirtualClock) -> None:
    clock.advance(60)
    row = look()["symbol EURUSD"]
    assert row.result == WARN and "60 s old" in row.detail


def test_the_brokers_clock_tells_how_old_it_is(look: Any, clock: VirtualClock, tmp_path: Path) -> None:
    row = look(mt5_server_offset_hours=None)["broker's clock"]
    assert (row.result, row.detail) == (WARN, "not measured yet")
    memory = Memory(tmp_path / "mt5.json", ACCOUNT.server)
    memory.keep_offsets(Offsets().measured(7200, clock.now_ns() - 86_400 * 10**9))
    row = look(mt5_server_offset_hours=None)["broker's clock"]
    assert (row.result, row.detail) == (OK, "+2 h from UTC, measured 1.0 days ago")
    clock.advance(10 * 86_400)
    assert look(mt5_server_offset_hours=None)["broker's clock"].result == WARN


def test_the_terminal_named_is_the_one_that_is_looked_at(look: Any) -> None:
    assert "not found" in look(mt5_path="C:/nowhere.exe")["MetaTrader 5"].detail
    assert attrs.asdict(ACCOUNT)["path"] == ""
