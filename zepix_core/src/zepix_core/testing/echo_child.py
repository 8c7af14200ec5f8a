"""A child process for tests of the process border: it echoes, sleeps, prints, breaks and hangs on request."""

import asyncio
import ctypes
import os
import sys
from collections.abc import Mapping
from typing import Any

from zepix_core.errors import StorageError
from zepix_core.wire.channel import Channel, Handler
from zepix_core.wire.child import serve


def build(channel: Channel) -> Mapping[str, Handler]:
    """The handlers; each name says what it does."""
    heard: list[Any] = []

    async def sleep(seconds: float) -> float:
        await asyncio.sleep(seconds)
        return seconds

    async def ask_back(value: Any) -> Any:
        return await channel.request("echo", value, Any)

    def print_lines(count: int) -> int:
        for number in range(count):
            print(f"printed {number}", flush=True)
        return count

    def fail(kind: str) -> None:
        if kind == "ours":
            raise StorageError("the disk is full.", "Free some space.")
        if kind == "exit":
            raise SystemExit(9)
        raise ValueError("not ours")

    def hold_interpreter(seconds: int) -> None:
        # A C call that keeps the interpreter lock: no thread of this process runs until it returns.
        ctypes.PyDLL(None).sleep(seconds)

    def die(code: int) -> None:
        os._exit(code)

    def say_garbage(_: None) -> None:
        channel._write(b"\xff\xff\xff\xffthis is no frame")

    def environment(name: str) -> str | None:
        return os.environ.get(name)

    async def fork_sleeper(seconds: int) -> int:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", f"import time; time.sleep({seconds})"
        )
        return process.pid

    return {
        "echo": Handler(Any, lambda value: value),
        "sleep": Handler(float, sleep),
        "ask_back": Handler(Any, ask_back),
        "print": Handler(int, print_lines),
        "fail": Handler(str, fail),
        "hold_interpreter": Handler(int, hold_interpreter),
        "die": Handler(int, die),
        "garbage": Handler(None, say_garbage),
        "environment": Handler(str, environment),
        "note": Handler(Any, heard.append),
        "heard": Handler(None, lambda _: heard),
        "fork_sleeper": Handler(int, fork_sleeper),
        "stdin": Handler(None, lambda _: sys.stdin.read()),
        "pid": Handler(None, lambda _: os.getpid()),
    }


if __name__ == "__main__":
    serve(build)
