"""Real child processes: they talk, they end, and none outlives its host or its successor."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from zepix_core.errors import StorageError, WireError
from zepix_core.wire import holder
from zepix_core.wire.channel import ChannelClosed, Handler
from zepix_core.wire.process import Child, child_environment, spawn

ECHO = "zepix_core.testing.echo_child"
PATIENCE = 20.0
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="process groups of POSIX")
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal")

Spawn = Callable[..., Awaitable[Child]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Spawn]:
    started: list[Child] = []

    async def start_one(**options: Any) -> Child:
        options = {"lock": tmp_path / "echo.lock", "log_name": "echo", **options}
        child = await spawn(ECHO, **options)
        started.append(child)
        return child

    yield start_one
    for child in started:
        child.kill()
        await asyncio.wait_for(child.wait(), PATIENCE)


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_child_answers_and_asks(start: Spawn) -> None:
    child = await start(handlers={"echo": Handler(Any, lambda value: [value, "host"])})
    assert await child.channel.request("echo", {"a": 1}, dict[str, int], PATIENCE) == {"a": 1}
    assert await child.channel.request("ask_back", 7, Any, PATIENCE) == [7, "host"]
    assert await child.channel.request("pid", None, int, PATIENCE) == child.pid


async def test_megabytes_pass_both_ways_at_once(start: Spawn) -> None:
    child = await start()
    load = bytes(2_000_000)
    answers = await asyncio.gather(*(child.channel.request("echo", load, bytes, PATIENCE) for _ in range(12)))
    assert all(answer == load for answer in answers)


async def test_notifications_reach_the_child_in_order(start: Spawn) -> None:
    child = await start()
    for number in range(200):
        child.channel.notify("note", number)
    assert await child.channel.request("heard", None, list[int], PATIENCE) == list(range(200))


async def test_errors_of_a_child_are_raised_here(start: Spawn) -> None:
    child = await start()
    with pytest.raises(StorageError, match="disk is full"):
        await child.channel.request("fail", "ours", timeout=PATIENCE)
    with pytest.raises(WireError, match="SystemExit"):
        await child.channel.request("fail", "exit", timeout=PATIENCE)
    assert await child.channel.request("echo", 1, int, PATIENCE) == 1


async def test_what_a_child_prints_lands_in_the_log_and_its_stdin_is_empty(start: Spawn) -> None:
    lines: list[str] = []
    child = await start(on_line=lines.append)
    assert await child.channel.request("print", 3, int, PATIENCE) == 3
    assert await child.channel.request("stdin", None, str, PATIENCE) == ""
    await child.stop()
    assert lines == ["printed 0", "printed 1", "printed 2"]


async def test_stopping_closes_stdin_and_the_child_ends_by_itself(start: Spawn) -> None:
    child = await start()
    await child.channel.request("echo", 1, int, PATIENCE)
    assert await child.stop(PATIENCE) == 0
    assert child.exited.is_set()
    with pytest.raises(ChannelClosed) as caught:
        await child.channel.request("echo", 1, int)
    assert not caught.value.sent


async def test_a_child_that_dies_fails_what_it_was_asked(start: Spawn) -> None:
    child = await start()
    sleeping = asyncio.create_task(child.channel.request("sleep", 60.0, float))
    with pytest.raises(ChannelClosed) as caught:
        await child.channel.request("die", 7)
    assert caught.value.sent
    with pytest.raises(ChannelClosed):
        await sleeping
    assert await asyncio.wait_for(child.wait(), PATIENCE) == 7


async def test_a_child_that_breaks_the_protocol_is_ended(start: Spawn) -> None:
    child = await start()
    with pytest.raises(ChannelClosed):
        await child.channel.request("garbage", None)
    await asyncio.wait_for(child.wait(), PATIENCE)
    assert "announces" in child.channel.reason


@posix_only
async def test_a_child_that_holds_the_interpreter_is_killed_after_its_grace(start: Spawn) -> None:
    child = await start()
    await child.channel.request("echo", 1, int, PATIENCE)
    with pytest.raises(TimeoutError):
        await child.channel.request("hold_interpreter", 600, timeout=0.2)
    assert await asyncio.wait_for(child.stop(0.2), PATIENCE) == -signal.SIGKILL


@posix_only
async def test_a_child_that_does_not_read_is_given_up_before_memory_is(start: Spawn) -> None:
    child = await start()
    child.channel.notify("note", "x")
    stuck = asyncio.create_task(child.channel.request("hold_interpreter", 600))
    await asyncio.sleep(0.1)
    load = bytes(4_000_000)
    with pytest.raises(ChannelClosed):
        for _ in range(20):
            child.channel.notify("note", load)
    with pytest.raises(ChannelClosed):
        await stuck
    assert await asyncio.wait_for(child.wait(), PATIENCE) == -signal.SIGKILL


@posix_only
async def test_a_child_takes_its_own_children_with_it(start: Spawn) -> None:
    child = await start()
    grandchild = await child.channel.request("fork_sleeper", 600, int, PATIENCE)
    await child.stop(PATIENCE)
    await until(lambda: gone(grandchild))


async def test_a_module_that_cannot_be_imported_ends_with_its_error_in_the_log(tmp_path: Path) -> None:
    lines: list[str] = []
    child = await spawn("zepix_core.no_such", lock=tmp_path / "x.lock", log_name="x", on_line=lines.append)
    assert await asyncio.wait_for(child.wait(), PATIENCE) == 1
    assert any("no_such" in line for line in lines)


async def test_an_interpreter_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WireError, match="cannot be started"):
        await spawn(ECHO, lock=tmp_path / "x.lock", log_name="x", python=tmp_path / "python")


async def test_secrets_of_the_host_are_not_in_the_childs_environment(
    start: Spawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "ZEPIX_WEBHOOK_TOKEN",
        "mt5_password",
        "SOME_SECRET",
        "API_KEY",
        "ZEPIX_PAPER_FAULTS",
        "PLAIN",
    ):
        monkeypatch.setenv(name, "value")
    child = await start(env={"EXTRA": "given"})

    async def seen(name: str) -> str | None:
        value: str | None = await child.channel.request("environment", name, str | None, PATIENCE)
        return value

    assert [await seen(name) for name in ("PLAIN", "EXTRA")] == ["value", "given"]
    for name in ("ZEPIX_WEBHOOK_TOKEN", "mt5_password", "SOME_SECRET", "API_KEY", "ZEPIX_PAPER_FAULTS"):
        assert await seen(name) is None


def test_an_explicit_extra_wins_over_the_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZEPIX_PAPER_FAULTS", "requote:1")
    assert "ZEPIX_PAPER_FAULTS" not in child_environment()
    assert child_environment({"ZEPIX_PAPER_FAULTS": "partial:1"})["ZEPIX_PAPER_FAULTS"] == "partial:1"


async def test_a_new_child_ends_the_earlier_holder_of_its_lock(start: Spawn) -> None:
    first = await start()
    await first.channel.request("echo", 1, int, PATIENCE)
    second = await start()
    assert await second.channel.request("echo", 2, int, PATIENCE) == 2
    await asyncio.wait_for(first.wait(), PATIENCE)
    assert not gone(second.pid)


HOLD = """
import ctypes, sys
from pathlib import Path
from zepix_core.wire.holder import take
guard = take(Path(sys.argv[1]))
print("held", flush=True)
ctypes.PyDLL(None).sleep(600)
"""


@posix_only
def test_an_orphan_that_holds_the_interpreter_loses_its_lock(tmp_path: Path) -> None:
    lock = tmp_path / "account.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE, start_new_session=True
    ) as orphan:
        assert orphan.stdout is not None
        assert orphan.stdout.readline() == b"held\n"
        ended = holder.end_holder(lock, PATIENCE)
        assert ended is not None
        assert ended.pid == orphan.pid
        assert orphan.wait(PATIENCE) == -signal.SIGKILL
    assert holder.end_holder(lock) is None


FORK = """
import os, sys, time
from pathlib import Path
from zepix_core.wire.holder import take
guard = take(Path(sys.argv[1]))
if os.fork() == 0:
    time.sleep(600)
print("held", flush=True)
os._exit(0)
"""


@posix_only
def test_a_fork_left_behind_loses_the_lock_it_inherited(tmp_path: Path) -> None:
    lock = tmp_path / "account.lock"
    with subprocess.Popen(
        [sys.executable, "-c", FORK, str(lock)], stdout=subprocess.PIPE, start_new_session=True
    ) as leader:
        assert leader.stdout is not None
        assert leader.stdout.readline() == b"held\n"
        leader.wait(PATIENCE)
        holder.end_holder(lock, PATIENCE)
    holder.take(lock, 0).release()


@posix_only
def test_a_process_that_only_got_the_number_is_left_alone(tmp_path: Path) -> None:
    lock = tmp_path / "account.lock"
    guard = holder.take(lock)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as stranger:
        record = holder.record_path(lock)
        record.write_text(f'{{"pid": {stranger.pid}, "created": 1.0, "started": "x"}}')
        with pytest.raises(WireError, match="still held"):
            holder.end_holder(lock, 0.2)
        assert stranger.poll() is None
        stranger.kill()
    guard.release()


def test_this_very_process_is_never_ended(tmp_path: Path) -> None:
    lock = tmp_path / "account.lock"
    guard = holder.take(lock)
    with pytest.raises(WireError, match="this very process"):
        holder.end_holder(lock, 0.2)
    guard.release()


def test_a_lock_held_elsewhere_is_refused_with_its_holder_named(tmp_path: Path) -> None:
    lock = tmp_path / "account.lock"
    guard = holder.take(lock)
    with pytest.raises(WireError, match=f"held by process {os.getpid()}"):
        holder.take(lock, 0)
    guard.release()


HOST = f"""
import asyncio, sys
from pathlib import Path
from zepix_core.wire.process import spawn

async def main():
    child = await spawn("{ECHO}", lock=Path(sys.argv[1]), log_name="echo")
    await child.channel.request("echo", 1, int, 20)
    print(child.pid, flush=True)
    if sys.argv[2] == "stuck":
        await child.channel.request("hold_interpreter", 600)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.parametrize("state", ["idle", pytest.param("stuck", marks=linux_only)])
async def test_a_killed_host_takes_its_child_with_it(tmp_path: Path, state: str) -> None:
    with subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", HOST, str(tmp_path / "echo.lock"), state], stdout=subprocess.PIPE
    ) as host:
        assert host.stdout is not None
        child = int(await asyncio.to_thread(host.stdout.readline))
        assert not gone(child)
        host.kill()
    await until(lambda: gone(child))


@linux_only
async def test_a_child_whose_host_died_before_it_could_ask_ends(tmp_path: Path) -> None:
    environment = {**os.environ, "ZEPIX_HOST_PID": "1"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-m", ECHO, str(tmp_path / "x.lock"), env=environment, stdin=subprocess.PIPE
    )
    assert await asyncio.wait_for(process.wait(), PATIENCE) == 3


@linux_only
async def test_an_idle_child_is_small(start: Spawn) -> None:
    child = await start()
    await child.channel.request("echo", 1, int, PATIENCE)
    assert psutil.Process(child.pid).memory_info().rss < 40 * 1024 * 1024
