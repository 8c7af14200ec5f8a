"""What may run and with which settings: the lock, people's switches, versions, faults."""

import attrs
import pytest
from tests.core.plugins.conftest import SOURCES, Stage, alert

from zepix_core.config.settings import PluginSwitch
from zepix_core.errors import PluginError
from zepix_core.model.alert import AlertClass
from zepix_core.model.change import Change
from zepix_core.model.decision import Verdict
from zepix_core.plugins.states import PluginState

WILD = {"wild": "wild:Wild", "calm": "wild:Calm"}
STEADY = {"steady": "steady:Steady"}


async def test_alerts_go_to_enabled_plugins_of_their_kind_and_timeframe_by_priority(stage: Stage) -> None:
    stage.site.install("steady", STEADY)
    stage.site.install("wild", WILD)
    host = await stage.open()
    assert [route.plugin for route in host.routes("go", "5")] == ["calm", "steady", "wild"]
    assert [route.plugin for route in host.routes("go", "15")] == ["calm", "wild"]
    assert host.routes("out", "15") == ()
    assert [(r.plugin, r.alert_class) for r in host.routes("note", "15")] == [("steady", AlertClass.INFO)]
    assert host.heads() == {"go", "note", "out"}
    switches = {"wild": PluginSwitch(priority=0), "calm": PluginSwitch(enabled=False)}
    stage.settings = attrs.evolve(stage.settings, plugins=switches)
    assert [route.plugin for route in host.routes("go", "5")] == ["wild", "steady"]
    assert stage.state("calm") is PluginState.DISABLED


async def test_a_disabled_plugin_is_not_called_until_a_person_enables_it(stage: Stage) -> None:
    stage.site.install("steady", STEADY)
    host = await stage.open()
    host.disable("steady")
    assert host.routes("go", "5") == ()
    assert not host.facts("steady").enabled
    with pytest.raises(PluginError, match="disabled"):
        await host.deliver("steady", alert())
    await host.stop()
    host = await stage.open()
    assert stage.state("steady") is PluginState.DISABLED
    await host.enable("steady")
    assert (await host.deliver("steady", alert())).verdict is Verdict.ACTED


async def test_a_new_distribution_waits_for_a_person_and_is_not_imported(stage: Stage) -> None:
    stage.site.install("steady", STEADY)
    host = await stage.open()
    stage.site.install("wild", {"wild": "wild:Wild"}, source="raise SystemExit('imported')")
    await host.reload()
    assert stage.state("wild") is PluginState.DISCOVERED
    assert stage.status("wild").error == ""
    stage.site.install("wild", {"wild": "wild:Wild"})
    await host.enable("wild")
    assert stage.state("wild") is PluginState.ACTIVE


async def test_a_new_version_runs_after_a_reload_and_the_neighbour_stays(stage: Stage) -> None:
    stage.site.install("wild", WILD)
    stage.site.install("steady", STEADY)
    host = await stage.open()
    pid, neighbour = stage.status("wild").pid, stage.status("steady").pid
    stage.site.install("wild", WILD, version="1.1")
    await host.reload()
    assert stage.status("wild").version == "1.1"
    assert stage.status("wild").pid != pid
    assert stage.status("steady").pid == neighbour
    assert stage.status("wild").deaths == 0


async def test_what_is_installed_while_the_host_runs_is_found_when_a_person_enables_it(stage: Stage) -> None:
    stage.site.install("steady", STEADY)
    host = await stage.open()
    stage.site.install("wild", WILD)
    await host.enable("Wild")
    assert (stage.state("wild"), stage.state("calm")) == (PluginState.ACTIVE, PluginState.ACTIVE)


async def test_a_name_that_nothing_has_is_said_to_be_unknown(stage: Stage) -> None:
    stage.site.install("steady", STEADY)
    host = await stage.open()
    with pytest.raises(PluginError, match="pip list") as caught:
        await host.enable("nobody")
    assert caught.value.code == "unknown_plugin"


async def test_code_that_pip_changed_runs_once_a_person_enables_the_plugin_again(stage: Stage) -> None:
    stage.site.install("wild", WILD)
    stage.site.install("steady", STEADY)
    host = await stage.open()
    neighbour = stage.status("steady").pid
    source = (SOURCES / "wild.py").read_text(encoding="utf-8").replace('action="lived"', 'action="learned"')
    stage.site.install("wild", WILD, version="1.1", source=source)
    host.disable("wild")
    await host.enable("wild")
    assert (await host.deliver("wild", alert())).action == "learned"
    assert stage.status("wild").version == "1.1"
    assert stage.status("steady").pid == neighbour


async def test_a_plugin_alone_in_its_worker_starts_anew_when_it_is_enabled_again(stage: Stage) -> None:
    stage.site.install("steady", STEADY)
    stage.site.install("wild", WILD)
    host = await stage.open()
    alone, shared = stage.status("steady").pid, stage.status("wild").pid
    for name in ("steady", "wild"):
        host.disable(name)
        await host.enable(name)
    assert stage.status("steady").pid != alone
    assert stage.status("wild").pid == shared


async def test_a_plugin_that_failed_starts_once_its_settings_are_right_and_it_is_enabled(
    stage: Stage,
) -> None:
    stage.site.install("wild", WILD)
    stage.configs = {"wild": NotImplemented}
    host = await stage.open()
    assert stage.state("wild") is PluginState.FAILED
    stage.configs = {}
    await host.enable("wild")
    assert stage.state("wild") is PluginState.ACTIVE


async def test_a_distribution_that_was_removed_runs_no_more(stage: Stage) -> None:
    stage.site.install("steady", STEADY)
    stage.site.install("wild", WILD)
    host = await stage.open()
    for file in stage.site.path.glob("wild-*.dist-info/*"):
        file.unlink()
    await host.enable("steady")
    assert not {"wild", "calm"} & {row.id for row in host.statuses()}
    assert [route.plugin for route in host.routes("go", "5")] == ["steady"]


async def test_plugins_that_cannot_be_asked_are_told_apart_from_those_switched_off(stage: Stage) -> None:
    stage.site.install("wild", WILD)
    host = await stage.open()
    assert host.absent("go", None) == ()
    host.disable("calm")
    verdicts = host.book.verdicts
    host.book.verdicts = attrs.evolve(verdicts, quarantined={"wild": "it died"})
    assert host.absent("go", None) == ("wild",)
    assert host.absent("out", None) == ()


async def test_an_id_that_two_distributions_offer_belongs_to_the_first_by_name(stage: Stage) -> None:
    stage.site.install("steady", STEADY)
    stage.site.install("wild", {"steady": "wild:Wild", "wild": "wild:Wild"})
    host = await stage.open()
    assert stage.status("steady").distribution == "steady"
    assert stage.state("wild") is PluginState.ACTIVE
    assert (await host.deliver("steady", alert())).tickets == (11,)


async def test_new_settings_are_judged_by_the_plugin_and_in_force_at_once(stage: Stage) -> None:
    stage.site.install("steady", STEADY)
    host = await stage.open()
    assert await host.check_config("steady", {"lots": 5}) == ("lots: must be <= 1, not 5.0",)
    assert await host.configure("steady", {"lots": 5, "lotz": 1}) == (
        "lots: must be <= 1, not 5.0",
        "lotz: unknown key; did you mean 'lots'?",
    )
    change = Change(key="lots", change_type="modified", old_value=0.1, new_value=0.2, at=alert().received_at)
    assert await host.configure("steady", {"lots": 0.2, "shadow_mode": True}, (change,)) == ()
    assert host.facts("steady").shadow
    decision = await host.deliver("steady", alert())
    assert decision.data["seen"] == ["start with 0.1", "lots is 0.2"]
    assert stage.answers.calls[-1][2].legs[0].lots == 0.2


async def test_a_plugin_with_wrong_settings_fails_alone_and_starts_once_they_are_right(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.site.install("steady", STEADY)
    stage.site.install("wild", WILD)
    stage.configs = {"steady": {"lots": "much"}, "wild": NotImplemented}
    host = await stage.open()
    for line in ("\n  lots: must be a number, not 'much'", "\n  line 1: nonsense"):
        assert line in caplog.text
    assert stage.status("steady").faults == ("lots: must be a number, not 'much'",)
    assert stage.status("wild").faults == ("line 1: nonsense",)
    assert stage.state("calm") is PluginState.ACTIVE
    stage.configs = {}
    assert await host.configure("steady", {}) == ()
    assert stage.state("steady") is PluginState.ACTIVE


async def test_a_host_that_stopped_its_plugins_can_start_them_again(stage: Stage) -> None:
    stage.site.install("steady", STEADY)
    host = await stage.open()
    await host.stop()
    with pytest.raises(PluginError):
        await host.deliver("steady", alert())
    await host.start()
    assert (await host.deliver("steady", alert())).verdict is Verdict.ACTED


async def test_what_workers_said_is_kept_for_the_time_they_are_away(stage: Stage) -> None:
    stage.site.install("steady", STEADY)
    host = await stage.open()
    await host.stop()
    stage.site.install("steady", STEADY, source="raise RuntimeError('no')")
    host = await stage.open()
    assert stage.state("steady") is PluginState.FAILED
    assert "RuntimeError: no" in stage.status("steady").error
    assert "go" in host.heads()


@pytest.mark.parametrize("inline", [False, True])
async def test_plugins_that_cannot_be_loaded_are_reported_each_with_its_reason(
    stage: Stage, inline: bool
) -> None:
    stage.inline = inline
    reasons = {
        "NotAPlugin": "not a subclass of LogicPlugin",
        "NoHooks": "implements no hook",
        "WrongArgument": "alarm",
        "UnknownHook": "on_alarm",
        "Wrapper": "is a wrapper",
        "BadMetadata": "maybe",
        "OneTimeframe": "must be a tuple of texts",
        "Explodes": "SystemExit: 5",
        "FailsAtStart": "no fuel",
        "BadModel": "no risk",
        "Missing": "has no attribute",
    }
    points = {name.lower(): f"broken:{name}" for name in (*reasons, "Fine")}
    stage.site.install("broken", points)
    host = await stage.open()
    for name, words in reasons.items():
        status = stage.status(name.lower())
        assert status.state is PluginState.FAILED
        assert words in status.error, (name, status.error)
    assert [route.plugin for route in host.routes("go", None)] == ["fine"]
    assert (await host.deliver("fine", alert())).action == "ignore"


async def test_settings_of_the_host_reach_the_plugins_when_they_change(stage: Stage) -> None:
    source = (
        "from zepix_core import AlertClass, Decision, LogicPlugin, Verdict, hookimpl\n"
        "class Reader(LogicPlugin):\n"
        "    alerts = {'go': AlertClass.ENTRY}\n"
        "    @hookimpl\n"
        "    def on_alert(self, api):\n"
        "        return Decision(verdict=Verdict.ACTED, action=str(api.get_config('rr_ratio')))\n"
    )
    stage.site.install("reader", {"reader": "reader:Reader"}, source=source)
    host = await stage.open()
    assert (await host.deliver("reader", alert())).action == "1.5"
    stage.settings = attrs.evolve(stage.settings, rr_ratio=3.0)
    await host.host_changed()
    assert (await host.deliver("reader", alert())).action == "3.0"
