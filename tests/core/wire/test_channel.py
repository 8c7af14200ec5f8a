"""Requests, replies, failures and notifications over two joined channels."""

import asyncio
import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zepix_core.errors import PluginError, SettingsError, StorageError, WireError, WorkerDied, ZepixError
from zepix_core.model.market import Tick
from zepix_core.wire import channel as channel_module
from zepix_core.wire.channel import Channel, ChannelClosed, Handler, RemoteError, pair
from zepix_core.wire.codec import encode
from zepix_core.wire.frames import MAX_FRAME

TICK = Tick(symbol="XAUUSD", bid=2000.1, ask=2000.3, time_ns=7)


async def echo(value: Any) -> Any:
    return value


async def test_a_request_is_answered_with_the_kind_asked_for() -> None:
    left, _ = pair(right={"echo": Handler(Tick, echo)})
    assert await left.request("echo", TICK, Tick) == TICK


async def test_both_sides_can_ask_while_they_answer() -> None:
    left, right = pair()

    async def ask_back(value: int) -> int:
        doubled: int = await right.request("double", value, int)
        return doubled + 1

    left.handlers = {"double": Handler(int, lambda value: value * 2)}
    right.handlers = {"ask": Handler(int, ask_back)}
    assert await asyncio.gather(*(left.request("ask", n, int) for n in range(50))) == [
        n * 2 + 1 for n in range(50)
    ]


async def test_requests_run_at_the_same_time_and_answers_find_their_askers() -> None:
    gates = {n: asyncio.Event() for n in range(3)}

    async def wait_for(number: int) -> int:
        await gates[number].wait()
        return number

    left, _ = pair(right={"wait": Handler(int, wait_for)})
    asked = [asyncio.create_task(left.request("wait", n, int)) for n in range(3)]
    for number in (2, 0, 1):
        gates[number].set()
        assert await asked[number] == number


async def test_notifications_are_heard_in_order_and_before_later_requests() -> None:
    heard: list[int] = []
    left, _ = pair(right={"note": Handler(int, heard.append), "heard": Handler(None, lambda _: list(heard))})
    for number in range(100):
        left.notify("note", number)
    assert await left.request("heard", None, list[int]) == list(range(100))


async def test_an_error_of_ours_keeps_class_message_and_hint() -> None:
    def fail(_: None) -> None:
        raise StorageError("the disk is full.", "Free some space.")

    left, _ = pair(right={"fail": Handler(None, fail)})
    with pytest.raises(StorageError) as caught:
        await left.request("fail", None)
    assert (caught.value.message, caught.value.hint) == ("the disk is full.", "Free some space.")


@pytest.mark.parametrize(
    ("error", "code"),
    [(PluginError("no"), "plugin_error"), (WorkerDied("gone", code="deadline"), "deadline")],
)
async def test_an_error_of_a_plugin_keeps_its_code(error: PluginError, code: str) -> None:
    def fail(_: None) -> None:
        raise error

    left, _ = pair(right={"fail": Handler(None, fail)})
    with pytest.raises(type(error)) as caught:
        await left.request("fail", None)
    assert caught.value.code == code


async def test_an_error_class_known_to_one_side_arrives_as_its_known_base() -> None:
    class LocalSettingsError(SettingsError):
        pass

    def fail(_: None) -> None:
        raise LocalSettingsError("no")

    left, _ = pair(right={"fail": Handler(None, fail)})
    with pytest.raises(SettingsError) as caught:
        await left.request("fail", None)
    assert type(caught.value) is SettingsError


class _Unshowable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a\udcffb"),
        SystemExit(3),
        KeyboardInterrupt(),
        asyncio.CancelledError(),
        _Unshowable(),
        TimeoutError("t"),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("sync", [True, False])
async def test_any_exception_of_a_handler_is_answered_and_the_channel_stays(
    error: BaseException, sync: bool, caplog: pytest.LogCaptureFixture
) -> None:
    # Half a surrogate pair in a captured log line cannot be reported from a parallel test process.
    caplog.set_level(logging.CRITICAL, "zepix_core.wire.channel")

    def fail(_: None) -> None:
        raise error

    async def fail_later(_: None) -> None:
        await asyncio.sleep(0)
        raise error

    handlers = {"fail": Handler(None, fail if sync else fail_later), "echo": Handler(int, echo)}
    left, _ = pair(right=handlers)
    with pytest.raises(RemoteError) as caught:
        await left.request("fail", None, timeout=5)
    assert caught.value.kind == type(error).__name__
    assert await left.request("echo", 1, int) == 1


async def test_a_name_nobody_serves_is_refused() -> None:
    left, _ = pair()
    with pytest.raises(WireError, match="nobody here serves nothing"):
        await left.request("nothing", None)


async def test_a_payload_of_the_wrong_kind_is_refused_to_the_asker_alone() -> None:
    left, right = pair(right={"echo": Handler(Tick, echo)})
    with pytest.raises(WireError, match="not a Tick"):
        await left.request("echo", 5, Tick)
    assert not right.closed.is_set()


async def test_an_answer_of_the_wrong_kind_is_an_error_of_the_asker_alone() -> None:
    left, _ = pair(right={"echo": Handler(Any, echo)})
    with pytest.raises(WireError, match="not a Tick"):
        await left.request("echo", 5, Tick)
    assert await left.request("echo", 5, int) == 5


async def test_an_answer_that_cannot_cross_is_refused() -> None:
    left, _ = pair(
        right={"bad": Handler(None, lambda _: object()), "big": Handler(None, lambda _: bytes(MAX_FRAME))}
    )
    with pytest.raises(WireError, match="cannot cross"):
        await left.request("bad", None)
    with pytest.raises(WireError, match="beyond"):
        await left.request("big", None, bytes)


async def test_a_request_beyond_the_cap_is_refused_and_the_channel_stays() -> None:
    left, _ = pair(right={"echo": Handler(Any, echo)})
    with pytest.raises(WireError, match="beyond"):
        await left.request("echo", bytes(MAX_FRAME))
    assert await left.request("echo", 1, int) == 1


async def test_no_answer_in_time_is_a_time_out_and_a_late_answer_is_dropped() -> None:
    late = asyncio.Event()

    async def slow(_: None) -> int:
        await late.wait()
        return 1

    left, _ = pair(right={"slow": Handler(None, slow), "echo": Handler(int, echo)})
    with pytest.raises(TimeoutError, match="did not answer slow within"):
        await left.request("slow", None, int, timeout=0.01)
    late.set()
    assert await left.request("echo", 2, int) == 2
    assert not left._waiting


async def test_a_cancelled_request_is_forgotten() -> None:
    async def never(_: None) -> None:
        await asyncio.Event().wait()

    left, right = pair(right={"never": Handler(None, never)})
    asked = asyncio.create_task(left.request("never", None))
    await asyncio.sleep(0.01)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert not left._waiting
    for task in right._running:
        task.cancel()


async def test_closing_fails_what_is_pending_as_sent_and_what_comes_later_as_unsent() -> None:
    async def never(_: None) -> None:
        await asyncio.Event().wait()

    left, right = pair(right={"never": Handler(None, never)})
    asked = asyncio.create_task(left.request("never", None))
    await asyncio.sleep(0.01)
    left.close("pulled")
    with pytest.raises(ChannelClosed, match="pulled") as pending:
        await asked
    with pytest.raises(ChannelClosed) as later:
        await left.request("never", None)
    with pytest.raises(ChannelClosed):
        left.notify("note", 1)
    assert (pending.value.sent, later.value.sent) == (True, False)
    for task in right._running:
        task.cancel()


async def test_work_that_runs_when_the_channel_closes_is_finished() -> None:
    go, done = asyncio.Event(), asyncio.Event()

    async def work(_: None) -> None:
        await go.wait()
        done.set()

    left, right = pair(right={"work": Handler(None, work)})
    asked = asyncio.create_task(left.request("work", None))
    await asyncio.sleep(0.01)
    left.close("gone")
    right.close("gone")
    go.set()
    await asyncio.wait_for(done.wait(), 5)
    with pytest.raises(ChannelClosed):
        await asked


async def test_a_write_that_fails_closes_the_channel() -> None:
    def broken(_: bytes) -> None:
        raise BrokenPipeError("gone")

    channel = Channel(broken)
    with pytest.raises(ChannelClosed) as caught:
        await channel.request("any", None)
    assert caught.value.sent
    assert channel.closed.is_set()


async def test_a_writer_waits_while_the_transport_is_full() -> None:
    room = asyncio.Event()

    async def drain() -> None:
        await room.wait()

    sent: list[bytes] = []
    channel = Channel(sent.append, drain=drain)
    asked = asyncio.create_task(channel.request("any", None, int))
    await asyncio.sleep(0.01)
    channel.receive(encode([1, 1, "any", 5]))
    assert not asked.done()
    room.set()
    assert await asked == 5


async def test_a_listener_that_fails_or_waits_disturbs_nobody() -> None:
    def fail(_: int) -> None:
        raise ValueError("no")

    left, right = pair(
        right={"bad": Handler(int, fail), "late": Handler(int, echo), "echo": Handler(int, echo)}
    )
    for name in ("bad", "late", "unknown"):
        left.notify(name, 1)
    left.notify("bad", "of another kind")
    assert await left.request("echo", 1, int) == 1
    assert not right.closed.is_set()


async def test_more_running_requests_than_allowed_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_module, "MAX_RUNNING", 2)
    go = asyncio.Event()

    async def wait(_: None) -> bool:
        return await go.wait()

    left, _ = pair(right={"wait": Handler(None, wait)})
    asked = [asyncio.create_task(left.request("wait", None, bool)) for _ in range(3)]
    with pytest.raises(WireError, match="running already"):
        await asked[2]
    go.set()
    assert await asyncio.gather(*asked[:2]) == [True, True]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=200)
    | st.lists(st.none() | st.integers(-1, 9) | st.text(max_size=3), max_size=5).map(encode)
)
async def test_any_message_is_served_or_closes_the_channel_without_an_exception(body: bytes) -> None:
    sent: list[bytes] = []
    channel = Channel(sent.append, {"": Handler(Any, lambda value: value)})
    channel.receive(body)
    assert channel.closed.is_set() == bool(channel.reason)


def test_the_errors_of_the_border_are_ours() -> None:
    assert issubclass(ChannelClosed, WireError)
    assert issubclass(RemoteError, ZepixError)
