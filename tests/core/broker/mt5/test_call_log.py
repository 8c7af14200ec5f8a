"""Calls of a terminal are written down when the operator asks for it, to be replayed at home."""

from pathlib import Path

from tests.core.broker.mt5.asking import opening
from tests.core.broker.mt5.conftest import ACCOUNT

from zepix_core.broker.mt5.broker import Mt5Broker
from zepix_core.broker.mt5.call_log import CallLog, load_recorded
from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.fake_mt5 import FakeMT5
from zepix_core.testing.fake_mt5.recording import Replay


async def test_what_was_recorded_is_replayed_to_the_same_end(
    fake: FakeMT5, clock: VirtualClock, tmp_path: Path
) -> None:
    log = tmp_path / "mt5-calls.jsonl"
    recorded = Mt5Broker(ACCOUNT, {}, clock, load=load_recorded(log, lambda: fake.module))
    hello = await recorded.start()
    reply = await recorded.submit(opening())
    await recorded.stop()
    text = log.read_text(encoding="utf-8")
    assert '"call": "order_send"' in text and ACCOUNT.password not in text
    replay = Replay(text.splitlines())
    again = Mt5Broker(ACCOUNT, {}, clock, load=lambda: replay.module)
    assert (await again.start()).symbols == hello.symbols
    assert await again.submit(opening()) == reply
    await again.stop()
    assert replay.unused() == ()


def test_a_full_file_makes_room_for_the_next(tmp_path: Path) -> None:
    log = CallLog(tmp_path / "calls.jsonl", most_bytes=10)
    for line in ("first line", "second line", "third line"):
        log.write(line)
    assert (tmp_path / "calls.jsonl").read_text() == "third line\n"
    assert (tmp_path / "calls.jsonl.1").read_text() == "second line\n"


def test_what_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    CallLog(tmp_path / "missing" / "calls.jsonl").write("line")
