"""One implementation of a hook, with what is bound to it, and its figures."""

from collections.abc import Awaitable, Callable, Mapping
from inspect import isawaitable
from typing import Any

import attrs

from zepix_core.clock import NS, stopwatch_ns

Arguments = Mapping[str, Any]


@attrs.frozen(kw_only=True)
class HookMetrics:
    """How often a plugin's implementation of a hook ran, how often it raised, how many seconds it took.

    Seconds are from the call to its result: those in which it awaited something count, too.
    """

    plugin: str
    hook: str
    calls: int
    errors: int
    seconds: float


@attrs.define
class Meter:
    """The figures as they are counted."""

    calls: int = 0
    errors: int = 0
    spent_ns: int = 0

    def note(self, started_ns: int, failed: bool = False) -> None:
        """One call that began at ``started_ns`` of the stopwatch is over."""
        self.calls += 1
        self.errors += failed
        self.spent_ns += stopwatch_ns() - started_ns

    def metrics(self, plugin: str, hook: str) -> HookMetrics:
        """The figures until now."""
        return HookMetrics(
            plugin=plugin, hook=hook, calls=self.calls, errors=self.errors, seconds=self.spent_ns / NS
        )


@attrs.frozen(kw_only=True)
class Implementation:
    """One plugin's implementation of a hook.

    Attributes:
        names: Its arguments in their order.
        bound: Those of them that are the same in every call, such as the plugin's own ``api``.
        waits: It is a coroutine function.
    """

    plugin: str
    function: Callable[..., Any]
    names: tuple[str, ...]
    bound: Arguments
    meter: Meter
    waits: bool

    @property
    def free(self) -> tuple[str, ...]:
        """The arguments that come with each call."""
        return tuple(name for name in self.names if name not in self.bound)

    def begin(self, arguments: Arguments) -> Any:
        """Its result; of an asynchronous one, what to await for it. What it raises is the caller's."""
        values = {**arguments, **self.bound}
        started = stopwatch_ns()
        try:
            result = self.function(*[values[name] for name in self.names])
        except BaseException:
            self.meter.note(started, failed=True)
            raise
        if result is not None and isawaitable(result):
            return self._finish(result, started)
        self.meter.note(started)
        return result

    async def _finish(self, result: Awaitable[Any], started: int) -> Any:
        try:
            value = await result
        except BaseException:
            self.meter.note(started, failed=True)
            raise
        self.meter.note(started)
        return value
