"""The feed of a database group: once per alert, before the plugins, whatever their switches say."""

import pytest
from tests.core.plugins.conftest import SOURCES, Stage, alert

from zepix_core.errors import PluginError, WorkerDied
from zepix_core.inbox.port import Route
from zepix_core.model.alert import AlertClass
from zepix_core.model.decision import Verdict
from zepix_core.plugins.states import EventKind, PluginState

FED = {"one": "fed:One", "two": "fed:Two"}
GROUP = "fed_group"
SOURCE = (SOURCES / "fed.py").read_text(encoding="utf-8")


@pytest.fixture(params=[True, False], ids=["inline", "process"])
def either(request: pytest.FixtureRequest, stage: Stage) -> Stage:
    stage.inline = request.param
    stage.site.install("fed", FED)
    return stage


@pytest.fixture
def fed(stage: Stage) -> Stage:
    stage.inline = True
    stage.site.install("fed", FED)
    return stage


def names(stage: Stage, kind: str, timeframe: str | None = None) -> list[str]:
    return [route.plugin for route in stage.host.routes(kind, timeframe)]


async def test_a_group_has_one_feed_which_is_asked_first_and_writes_what_its_plugins_read(
    either: Stage,
) -> None:
    host = await either.open()
    assert names(either, "pulse") == [GROUP, "one", "two"]
    decision = await host.deliver(GROUP, alert("5/0", kind="pulse"))
    assert (decision.verdict, decision.action, decision.data) == (
        Verdict.ACTED,
        "update_trend",
        {"bull": 5},
    )
    for plugin in ("one", "two"):
        told = await host.deliver(plugin, alert(kind="pulse"))
        assert told.data == {"state": "TRENDING_BULLISH"}
    starts = [context.plugin.id for context, name, _ in either.answers.calls if name == "notice.send"]
    assert starts == [GROUP]


async def test_a_feed_is_no_plugin_in_any_listing(fed: Stage) -> None:
    host = await fed.open()
    assert [row.id for row in host.statuses() if row.distribution == "fed"] == ["one", "two"]


async def test_a_feed_takes_its_kinds_on_any_timeframe_and_plugins_wait_for_it(fed: Stage) -> None:
    host = await fed.open()
    assert host.routes("entry", "240") == (Route(GROUP, AlertClass.INFO, GROUP),)
    assert host.routes("entry", "5") == (
        Route(GROUP, AlertClass.INFO, GROUP),
        Route("one", AlertClass.ENTRY, GROUP),
    )
    assert host.heads() == {"pulse", "entry", "far"}


async def test_a_feed_runs_while_all_plugins_of_its_group_are_switched_off_also_after_a_restart(
    either: Stage,
) -> None:
    host = await either.open()
    host.disable("one")
    host.disable("two")
    assert names(either, "pulse") == [GROUP]
    assert (await host.deliver(GROUP, alert(kind="pulse"))).data == {"bull": 4}
    await host.stop()
    host = await either.open()
    assert either.state("one") is PluginState.DISABLED
    assert (await host.deliver(GROUP, alert("0/6", kind="pulse", number=2))).data == {"bull": 0}


async def test_settings_that_switch_every_plugin_off_leave_the_feed_alone(fed: Stage) -> None:
    fed.configs = {"one": {"enabled": False}, "two": {"enabled": False}}
    host = await fed.open()
    assert names(fed, "pulse") == [GROUP]
    assert (await host.deliver(GROUP, alert(kind="pulse"))).action == "update_trend"


async def test_a_feed_itself_cannot_be_switched_off(fed: Stage) -> None:
    host = await fed.open()
    with pytest.raises(PluginError, match="is no plugin") as caught:
        host.disable(GROUP)
    assert caught.value.code == "unknown_plugin"
    assert names(fed, "pulse")[0] == GROUP


async def test_a_distribution_that_nobody_let_run_has_no_feed(fed: Stage) -> None:
    fed.site.install("steady", {"steady": "steady:Steady"})
    host = await fed.open()
    await host.stop()
    text = fed.home.lock_file.read_text()
    fed.home.lock_file.write_text(text.replace("enabled = true", "enabled = false", 1))
    host = await fed.open()
    assert names(fed, "pulse") == []
    assert host.absent("pulse", None) == ()
    with pytest.raises(PluginError, match="does not run"):
        await host.deliver(GROUP, alert(kind="pulse"))


async def test_a_feed_asks_the_host_under_the_groups_name_and_without_capabilities(either: Stage) -> None:
    host = await either.open()
    await host.deliver(GROUP, alert("place", kind="pulse"))
    for context, name, _ in either.answers.calls:
        assert (context.plugin.id, context.plugin.capabilities) == (GROUP, frozenset())
        assert name in ("notice.send", "orders.place")
    assert [name for _, name, _ in either.answers.calls] == ["notice.send", "orders.place"]


async def test_a_feed_that_keeps_killing_its_worker_is_quarantined_alone_until_a_person_enables_it(
    stage: Stage,
) -> None:
    stage.site.install("fed", FED)
    host = await stage.open()
    for number in range(3):
        with pytest.raises(WorkerDied):
            await host.deliver(GROUP, alert("die", kind="pulse", number=number + 1))
    assert stage.told(EventKind.QUARANTINED) == [GROUP]
    assert names(stage, "pulse") == ["one", "two"]
    assert host.absent("pulse", None) == (GROUP,)
    with pytest.raises(PluginError, match="quarantined"):
        await host.deliver(GROUP, alert(kind="pulse"))
    assert (await host.deliver("one", alert(kind="pulse"))).reason == "seen"
    assert "the feed fed_group of its group is quarantined" in stage.status("one").error
    await host.enable(GROUP)
    assert (await host.deliver(GROUP, alert(kind="pulse"))).action == "update_trend"
    assert stage.status("one").error == ""


async def test_a_feed_is_absent_when_every_plugin_of_its_group_is_quarantined(stage: Stage) -> None:
    stage.site.install("fed", {"one": "fed:One"})
    host = await stage.open()
    for number in range(3):
        with pytest.raises(WorkerDied):
            await host.deliver("one", alert("die too", kind="pulse", number=number + 1))
    assert names(stage, "pulse") == []
    assert host.absent("pulse", None) == (GROUP, "one")
    await host.enable("one")
    assert names(stage, "pulse") == [GROUP, "one"]
    assert (await host.deliver(GROUP, alert(kind="pulse"))).action == "update_trend"


async def test_what_a_feed_takes_is_known_before_its_worker_is_back(fed: Stage) -> None:
    fed.inline = False
    host = await fed.open()
    await host.stop()
    fed.site.install("fed", FED, source="raise RuntimeError('no')")
    host = await fed.open()
    assert names(fed, "pulse") == []
    assert host.absent("pulse", None) == (GROUP, "one", "two")
    assert "far" in host.heads()


async def test_a_feed_that_a_new_version_names_no_more_is_forgotten(stage: Stage) -> None:
    code = SOURCE.replace("    group_feed = Feed\n", "")
    stage.site.install("fed", FED)
    host = await stage.open()
    stage.site.install("fed", FED, version="2.0", source=code)
    await host.reload()
    assert names(stage, "pulse") == ["one", "two"]
    assert host.absent("pulse", None) == ()


BAD = {
    "own_name": ('    database_group = "fed_group"\n', "", "cannot be called own_name"),
    "no_class": ("    group_feed = Feed\n", "    group_feed = 'Feed'\n", "no subclass of GroupFeed"),
    "silent": ("    alerts: ClassVar = INFO\n", "", "takes no alerts"),
    "strange": ("    alerts: ClassVar = INFO\n", "    alerts: ClassVar = {'x': 'y'}\n", "cannot be used"),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_plugin_whose_feed_cannot_be_fails_with_the_reason(stage: Stage, name: str) -> None:
    old, new, words = BAD[name]
    assert old in SOURCE
    stage.site.install("fed", {name: "fed:One"}, source=SOURCE.replace(old, new))
    await stage.open()
    assert stage.state(name) is PluginState.FAILED
    assert words in stage.status(name).error


async def test_plugins_of_a_group_name_one_feed(stage: Stage) -> None:
    other = "\n\nclass Other(Feed):\n    pass\n\n\nclass Three(One):\n    group_feed = Other\n"
    stage.site.install("fed", {"one": "fed:One", "three": "fed:Three"}, source=SOURCE + other)
    host = await stage.open()
    assert stage.state("one") is PluginState.ACTIVE
    assert "name different feeds" in stage.status("three").error
    assert host.routes("pulse", None)[0].plugin == GROUP


async def test_a_feed_that_cannot_start_fails_alone_and_is_absent(stage: Stage) -> None:
    code = SOURCE.replace('await api.send_notification("the feed starts")', 'raise ValueError("no fuel")')
    stage.site.install("fed", FED, source=code)
    host = await stage.open()
    assert stage.state("one") is PluginState.ACTIVE
    assert stage.told(EventKind.FAILED) == [GROUP]
    assert names(stage, "pulse") == ["one", "two"]
    assert host.absent("pulse", None) == (GROUP,)
    assert "no fuel" in stage.status("one").error


async def test_a_group_that_is_called_like_another_plugin_gets_no_feed(stage: Stage) -> None:
    stage.inline = True
    stage.site.install("fed", {"one": "fed:One", GROUP: "fed:Two"})
    host = await stage.open()
    assert host.routes("pulse", None) == (Route("one", AlertClass.INFO),)
    assert "cannot be called fed_group" in stage.status(GROUP).error
    assert any("the name is taken" in event.text for event in stage.events)


async def test_a_name_that_another_distributions_plugin_has_is_no_feeds(stage: Stage) -> None:
    code = (SOURCES / "steady.py").read_text(encoding="utf-8")
    code = code.replace('    name = "Steady"\n', '    database_group = "other"\n')
    stage.site.install("fed", FED)
    stage.site.install("steady", {GROUP: "steady:Steady"}, source=code)
    host = await stage.open()
    assert names(stage, "pulse") == ["one", "two"]
    assert [route.plugin for route in host.routes("go", "5")] == [GROUP]
    assert any("the name is taken" in event.text for event in stage.events)
