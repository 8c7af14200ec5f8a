"""The synchronous way of calling hooks, what is bound to a plugin, and what is counted."""

import asyncio
from collections.abc import Callable
from itertools import permutations
from typing import Any

import pluggy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core import hookspecs
from zepix_core.errors import PluginError
from zepix_core.hookspecs import hookimpl
from zepix_core.model.market import Tick
from zepix_core.plugins.dispatch import Dispatcher
from zepix_core.plugins.implementation import Implementation, Meter
from zepix_core.plugins.unrolled import unrolled

TICK = Tick(symbol="EURUSD", bid=1.17, ask=1.1702, time_ns=1)


class All:
    @hookimpl
    def on_tick(self, tick: Any, api: Any) -> Any:
        return tick, api


class Turned:
    @hookimpl
    def on_tick(self, api: Any, tick: Any) -> Any:
        return tick, api


class TickOnly:
    @hookimpl
    def on_tick(self, tick: Any) -> Any:
        return tick, None


class ApiOnly:
    @hookimpl
    def on_tick(self, api: Any) -> Any:
        return None, api


class Nothing:
    @hookimpl
    def on_tick(self) -> Any:
        return None, None


class Quiet:
    @hookimpl
    def on_tick(self) -> None:
        return None


class Late:
    @hookimpl
    async def on_tick(self, tick: Any) -> str:
        await asyncio.sleep(0)
        return "late"


class Sly:
    @hookimpl
    def on_tick(self, tick: Any) -> Any:
        return Late().on_tick(tick)


def raising(error: BaseException) -> object:
    class Raising:
        @hookimpl
        def on_tick(self) -> None:
            raise error

    return Raising()


KINDS: tuple[Callable[[], object], ...] = (All, Turned, TickOnly, ApiOnly, Nothing, Quiet)


@given(st.lists(st.sampled_from(KINDS), max_size=8))
def test_order_arguments_and_results_are_those_of_pluggy(kinds: list[Callable[[], object]]) -> None:
    dispatcher = Dispatcher()
    plain = pluggy.PluginManager(hookspecs.PROJECT)
    plain.add_hookspecs(hookspecs)
    for number, kind in enumerate(kinds):
        plugin = kind()
        dispatcher.register(plugin, f"p{number}")
        plain.register(plugin, name=f"p{number}")
    outcomes = dispatcher.call_now("on_tick", tick=TICK, api="api")
    assert [outcome.result for outcome in outcomes] == plain.hook.on_tick(tick=TICK, api="api")


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), asyncio.CancelledError()])
def test_one_that_raises_stops_no_other(error: BaseException) -> None:
    dispatcher = Dispatcher()
    dispatcher.register(TickOnly(), "first")
    dispatcher.register(raising(error), "bad")
    dispatcher.register(TickOnly(), "last")
    outcomes = dispatcher.call_now("on_tick", tick=TICK, api=None)
    assert [(outcome.plugin, outcome.error) for outcome in outcomes] == [
        ("last", None),
        ("bad", error),
        ("first", None),
    ]


def test_a_person_who_stops_the_program_stops_it() -> None:
    dispatcher = Dispatcher()
    dispatcher.register(raising(KeyboardInterrupt()), "asked")
    with pytest.raises(KeyboardInterrupt):
        dispatcher.call_now("on_tick", tick=TICK, api=None)


def test_calls_errors_and_time_are_counted_for_each_plugin_and_hook() -> None:
    dispatcher = Dispatcher()
    dispatcher.register(Quiet(), "quiet")
    dispatcher.register(raising(ValueError()), "bad")
    for _ in range(3):
        dispatcher.call_now("on_tick", tick=TICK, api=None)
    bad, quiet = dispatcher.metrics()
    assert (bad.plugin, bad.hook, bad.calls, bad.errors) == ("bad", "on_tick", 3, 3)
    assert (quiet.plugin, quiet.hook, quiet.calls, quiet.errors) == ("quiet", "on_tick", 3, 0)
    assert bad.seconds > 0.0
    assert quiet.seconds > 0.0


async def test_what_is_awaited_is_counted_when_it_is_over() -> None:
    dispatcher = Dispatcher()
    dispatcher.register(Late(), "late")
    result = dispatcher.begin("late", "on_tick", tick=TICK)
    assert dispatcher.metrics() == ()
    assert await result == "late"
    (late,) = dispatcher.metrics()
    assert (late.calls, late.errors) == (1, 0)
    await dispatcher.call("on_tick", tick=TICK, api=None)
    assert dispatcher.metrics()[0].calls == 2


async def test_an_awaited_error_is_counted() -> None:
    class Bad:
        @hookimpl
        async def on_tick(self) -> None:
            raise ValueError("no")

    dispatcher = Dispatcher()
    dispatcher.register(Bad(), "bad")
    with pytest.raises(ValueError, match="no"):
        await dispatcher.call_one("bad", "on_tick", tick=TICK, api=None)
    assert [(row.calls, row.errors) for row in dispatcher.metrics()] == [(1, 1)]


def test_figures_outlive_that_others_come_and_end_with_their_plugin() -> None:
    dispatcher = Dispatcher()
    dispatcher.register(Quiet(), "quiet")
    dispatcher.call_now("on_tick", tick=TICK, api=None)
    dispatcher.register(Quiet(), "other")
    assert [(row.plugin, row.calls) for row in dispatcher.metrics()] == [("quiet", 1)]
    dispatcher.unregister("quiet")
    assert dispatcher.metrics() == ()


def test_an_asynchronous_implementation_is_refused_before_anything_is_called() -> None:
    dispatcher = Dispatcher()
    dispatcher.register(Late(), "late")
    dispatcher.register(Quiet(), "quiet")
    with pytest.raises(PluginError, match="on_tick of late is asynchronous"):
        dispatcher.call_now("on_tick", tick=TICK, api=None)
    assert dispatcher.metrics() == ()


def test_a_result_that_would_have_to_be_awaited_is_an_error_of_its_plugin() -> None:
    dispatcher = Dispatcher()
    dispatcher.register(Sly(), "sly")
    (outcome,) = dispatcher.call_now("on_tick", tick=TICK, api=None)
    assert isinstance(outcome.error, PluginError)


def test_begin_gives_the_result_of_a_synchronous_one_at_once() -> None:
    dispatcher = Dispatcher()
    dispatcher.register(TickOnly(), "one")
    assert dispatcher.begin("one", "on_tick", tick=TICK, api=None) == (TICK, None)
    assert dispatcher.begin("nobody", "on_tick", tick=TICK, api=None) is None


def test_each_plugin_gets_what_is_bound_to_it() -> None:
    dispatcher = Dispatcher()
    for number, kind in enumerate((All, Turned, ApiOnly, TickOnly)):
        dispatcher.register(kind(), f"p{number}")
        dispatcher.bind(f"p{number}", api=f"api {number}")
    results = {outcome.plugin: outcome.result for outcome in dispatcher.call_now("on_tick", tick=TICK)}
    assert results == {
        "p0": (TICK, "api 0"),
        "p1": (TICK, "api 1"),
        "p2": (None, "api 2"),
        "p3": (TICK, None),
    }


def test_what_was_bound_goes_with_its_plugin() -> None:
    dispatcher = Dispatcher()
    dispatcher.register(All(), "one")
    dispatcher.bind("one", api="old")
    dispatcher.unregister("one")
    dispatcher.register(All(), "one")
    assert dispatcher.begin("one", "on_tick", tick=TICK, api="new") == (TICK, "new")


@pytest.mark.parametrize("names", list(permutations("abc")))
@pytest.mark.parametrize("bound", ["", "a", "b", "c", "ab", "ac", "bc", "abc"])
def test_bound_values_stand_in_their_places_in_any_order(names: tuple[str, ...], bound: str) -> None:
    one = Implementation(
        plugin="p",
        function=lambda *given: "".join(given),
        names=names,
        bound={name: name.upper() for name in bound},
        meter=Meter(),
        waits=False,
    )
    given = {name: name for name in "abc"}
    expected = "".join(name.upper() if name in bound else name for name in names)
    assert one.begin(given) == expected
    assert [outcome.result for outcome in unrolled("any", (one,))(**given)] == [expected]


def test_an_argument_that_is_missing_is_the_callers_mistake() -> None:
    dispatcher = Dispatcher()
    dispatcher.register(TickOnly(), "one")
    with pytest.raises(TypeError, match="tick"):
        dispatcher.call_now("on_tick", api=None)


async def test_a_hook_that_nobody_implements_gives_nothing() -> None:
    dispatcher = Dispatcher()
    dispatcher.register(Quiet(), "quiet")
    assert dispatcher.call_now("on_start", api=None) == ()
    assert await dispatcher.call("on_start", api=None) == ()
