from collections.abc import Callable
from typing import Any

import pluggy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.plugins.conftest import alert

from zepix_core import hookspecs
from zepix_core.errors import PluginError
from zepix_core.hookspecs import hookimpl
from zepix_core.plugins.dispatch import Dispatcher
from zepix_core.plugins.remote import RemotePlugin


def implementation(name: str, **options: Any) -> object:
    class Plugin:
        def on_alert(self, alert: Any) -> str:
            return f"{name} saw {alert.id}"

    hookimpl(**options)(Plugin.on_alert)
    return Plugin()


OPTIONS: "st.SearchStrategy[dict[str, bool]]" = st.sampled_from(({}, {"tryfirst": True}, {"trylast": True}))


@given(st.lists(OPTIONS, max_size=6), st.data())
async def test_order_and_results_are_those_of_pluggy(
    options: list[dict[str, bool]], data: st.DataObject
) -> None:
    dispatcher = Dispatcher()
    plain = pluggy.PluginManager(hookspecs.PROJECT)
    plain.add_hookspecs(hookspecs)
    for number, option in enumerate(options):
        plugin = implementation(f"p{number}", **option)
        dispatcher.register(plugin, f"p{number}")
        plain.register(plugin, f"p{number}")
    one_leaves = data.draw(st.booleans())
    if options and one_leaves:
        dispatcher.unregister("p0")
        plain.unregister(name="p0")
    expected = plain.hook.on_alert(alert=alert(), api=None)
    outcomes = await dispatcher.call("on_alert", alert=alert(), api=None)
    assert [outcome.result for outcome in outcomes] == expected


async def test_an_error_stops_only_its_own_implementation() -> None:
    class Bad:
        @hookimpl
        async def on_alert(self) -> None:
            raise ValueError("no")

    dispatcher = Dispatcher()
    dispatcher.register(implementation("good"), "good")
    dispatcher.register(Bad(), "bad")
    bad, good = await dispatcher.call("on_alert", alert=alert(), api=None)
    assert isinstance(bad.error, ValueError)
    assert good.result == "good saw 1"
    with pytest.raises(ValueError, match="no"):
        await dispatcher.call_one("bad", "on_alert", alert=alert(), api=None)


async def test_one_plugin_is_called_alone_and_one_without_the_hook_gives_nothing() -> None:
    dispatcher = Dispatcher()
    assert dispatcher.register(implementation("one"), "one") == ("on_alert",)
    assert await dispatcher.call_one("one", "on_alert", alert=alert(), api=None) == "one saw 1"
    assert await dispatcher.call_one("one", "on_tick", tick=None, api=None) is None
    assert not dispatcher.implements("one", "on_tick")


def wrapper() -> object:
    class Plugin:
        @hookimpl(wrapper=True)
        def on_alert(self) -> Any:
            return (yield)

    return Plugin()


def unknown_argument() -> object:
    class Plugin:
        @hookimpl
        def on_alert(self, alarm: Any) -> None:
            return None

    return Plugin()


def unknown_hook() -> object:
    class Plugin:
        @hookimpl
        def on_alarm(self) -> None:
            return None

    return Plugin()


@pytest.mark.parametrize("make", [wrapper, unknown_argument, unknown_hook])
async def test_what_cannot_be_called_is_refused_and_leaves_nothing_behind(make: Callable[[], object]) -> None:
    dispatcher = Dispatcher()
    with pytest.raises(PluginError):
        dispatcher.register(make(), "odd")
    assert dispatcher.manager.get_plugin("odd") is None
    dispatcher.register(implementation("odd"), "odd")
    assert len(await dispatcher.call("on_alert", alert=alert(), api=None)) == 1


def test_a_name_is_taken_once() -> None:
    dispatcher = Dispatcher()
    dispatcher.register(implementation("one"), "one")
    with pytest.raises(PluginError):
        dispatcher.register(implementation("two"), "one")
    assert dispatcher.implements("one", "on_alert")


async def test_a_remote_plugin_has_the_hooks_it_declared_and_sends_their_argument() -> None:
    sent: list[tuple[str, dict[str, Any]]] = []

    async def send(hook: str, **fields: Any) -> str:
        sent.append((hook, fields))
        return "decided"

    dispatcher = Dispatcher()
    hooks = dispatcher.register(RemotePlugin("far", ("on_alert", "on_start"), send), "far")
    assert hooks == ("on_alert",)
    assert await dispatcher.call_one("far", "on_alert", alert=alert(number=3)) == "decided"
    assert sent == [("on_alert", {"alert": alert(number=3)})]
