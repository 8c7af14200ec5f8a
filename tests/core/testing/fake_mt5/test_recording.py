"""What was recorded at a terminal can be replayed."""

import json
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from tests.core.testing.fake_mt5.desk import Desk

from zepix_core.testing.fake_mt5 import MT5, FakeMT5
from zepix_core.testing.fake_mt5.recording import Recorder, Replay, ReplayMismatch, decode, encode

OPENING: dict[str, Any] = {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0, "magic": 7}


def trade(mt5: Any) -> list[Any]:
    """A day at the terminal."""
    return [
        mt5.initialize(login=50_001_234, password="demo", server="Fake-Demo"),
        mt5.account_info(),
        mt5.positions_get(),
        mt5.order_send(OPENING),
        mt5.positions_get(),
        mt5.positions_get(symbol="EURUSD"),
        mt5.symbol_info("NOSUCH"),
        mt5.last_error(),
        mt5.copy_rates_from_pos("EURUSD", mt5.TIMEFRAME_M5, 0, 2).tolist(),
        mt5.history_deals_get(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
    ]


@pytest.fixture
def log() -> list[str]:
    lines: list[str] = []
    trade(Recorder(FakeMT5(), lines.append))
    return lines


def test_a_replay_gives_what_was_recorded(log: list[str]) -> None:
    with Replay(log).installed() as replay:
        told = trade(import_module("MetaTrader5"))
    lived = trade(FakeMT5())
    assert told[:1] + told[2:] == lived[:1] + lived[2:]
    assert told[1].balance == lived[1].balance
    assert replay.unused() == ()


def test_credentials_and_names_are_not_recorded(log: list[str]) -> None:
    assert "demo" not in "".join(log).replace("Fake-Demo", "")
    entry = json.loads(log[0])
    assert entry["named"]["password"] == "(removed)"
    account = json.loads(log[1])["reply"]["fields"]
    assert account["name"] == "(removed)" and account["login"] == 50_001_234
    lines: list[str] = []
    terminal = Desk().fake
    Recorder(terminal, lines.append).terminal_info()
    assert json.loads(lines[0])["reply"]["fields"]["data_path"] == "(removed)"


def test_failures_are_recorded_with_their_error(log: list[str]) -> None:
    failed = [json.loads(line) for line in log if '"error"' in line]
    assert [(entry["call"], entry["error"]) for entry in failed] == [
        ("symbol_info", [-4, "Terminal: Not found"])
    ]


def test_constants_pass_through_the_recorder() -> None:
    assert Recorder(FakeMT5().module, print).TRADE_ACTION_DEAL == MT5.TRADE_ACTION_DEAL


def test_a_read_may_be_asked_more_often_than_on_the_day(log: list[str]) -> None:
    replay = Replay(log)
    first, second, third = (replay.module.positions_get() for _ in range(3))
    assert first == () and len(second) == 1 and third == second


def test_a_trade_is_answered_once(log: list[str]) -> None:
    replay = Replay(log)
    assert replay.unused() and replay.module.order_send(OPENING).retcode == MT5.TRADE_RETCODE_DONE
    with pytest.raises(ReplayMismatch, match="order_send"):
        replay.module.order_send(OPENING)


def test_a_call_that_was_not_made_is_a_mismatch(log: list[str]) -> None:
    with pytest.raises(ReplayMismatch, match=r'"order_send".*0\.2'):
        Replay(log).module.order_send(OPENING | {"volume": 0.2})


def test_arguments_and_values_of_every_kind_come_back() -> None:
    result = Desk().deal()
    for value in (None, True, 5, 1.5, "x", (1, ("y",)), {"a": 1}, result, result.request):
        assert decode(json.loads(json.dumps(encode(value)))) == value
    assert decode(encode(datetime(2026, 1, 1, tzinfo=UTC))) == 1_767_225_600.0
    assert decode(encode(object)).startswith("<class")
