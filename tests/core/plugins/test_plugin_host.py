"""The plugin host with real workers: processes that are started, asked, killed and started again."""

import asyncio
import os

import attrs
import pytest
from tests.core.plugins.conftest import Stage, alert, eventually

from zepix_core.config.health import HealthSettings
from zepix_core.errors import PluginError, WorkerDied
from zepix_core.hookspecs import hookimpl
from zepix_core.model.alert import Alert
from zepix_core.model.decision import Verdict
from zepix_core.model.market import Side, Tick
from zepix_core.model.order import TradeUpdate, UpdateKind
from zepix_core.plugins.states import EventKind, PluginState

WILD = {"wild": "wild:Wild", "calm": "wild:Calm"}
STEADY = {"steady": "steady:Steady"}


async def test_a_plugin_decides_in_a_process_of_its_own_and_orders_through_the_host(stage: Stage) -> None:
    stage.site.install("steady", STEADY)
    host = await stage.open()
    row = stage.status("steady")
    assert (row.state, row.pid not in (0, os.getpid())) == (PluginState.ACTIVE, True)
    decision = await host.deliver("steady", alert(number=7))
    assert (decision.verdict, decision.tickets) == (Verdict.ACTED, (11,))
    assert decision.data["seen"] == ["start with 0.1"]
    context, name, request = stage.answers.calls[0]
    assert (name, request.method, request.legs[0].lots) == ("orders.place", "place_order", 0.1)
    assert context.alert is not None
    assert context.alert.key == "key-7"
    assert context.plugin.capabilities == {"place_order"}
    assert context.plugin.symbols_allowed == ("XAUUSD",)
    assert context.plugin.risk.max_open_trades == 2
    assert (stage.home.data / "zepix_steady.db").exists()


async def test_a_worker_that_crashes_a_hook_is_started_again_and_the_neighbour_never_notices(
    stage: Stage,
) -> None:
    stage.site.install("wild", {"wild": "wild:Wild"})
    stage.site.install("steady", STEADY)
    host = await stage.open()
    pid, neighbour = stage.status("wild").pid, stage.status("steady").pid
    with pytest.raises(WorkerDied, match=r"during on_alert of wild: .*exit code 9") as caught:
        await host.deliver("wild", alert("die"))
    assert caught.value.code == "worker_died"
    assert "exit code 9" in stage.status("wild").error
    assert (await host.deliver("wild", alert("again"))).action == "lived"
    assert stage.status("wild").pid != pid
    assert stage.status("wild").deaths == 1
    assert stage.status("steady").pid == neighbour
    assert (await host.deliver("steady", alert())).verdict is Verdict.ACTED


@pytest.mark.parametrize("body", ["loop", "sleep"])
async def test_a_hook_past_its_deadline_ends_the_worker_and_the_plugin_alone_is_charged(
    stage: Stage, body: str
) -> None:
    stage.settings = attrs.evolve(
        stage.settings,
        plugin_system=attrs.evolve(stage.settings.plugin_system, max_plugin_execution_time=0.4),
    )
    stage.site.install("wild", WILD)
    host = await stage.open()
    with pytest.raises(WorkerDied, match="on_alert of wild took more than") as caught:
        await host.deliver("wild", alert(body))
    assert caught.value.code == "deadline"
    assert (await host.deliver("calm", alert())).action.startswith("calm")
    assert (stage.status("wild").deaths, stage.status("calm").deaths) == (1, 0)


async def test_a_plugin_behind_a_stuck_one_is_not_charged(stage: Stage) -> None:
    stage.settings = attrs.evolve(
        stage.settings,
        plugin_system=attrs.evolve(stage.settings.plugin_system, max_plugin_execution_time=0.4),
    )
    stage.site.install("wild", WILD)
    host = await stage.open()
    stuck = asyncio.create_task(host.deliver("wild", alert("loop")))
    await asyncio.sleep(0.1)
    with pytest.raises(WorkerDied) as behind:
        await host.deliver("calm", alert())
    with pytest.raises(WorkerDied) as guilty:
        await stuck
    assert (behind.value.code, guilty.value.code) == ("worker_died", "deadline")
    assert (await host.deliver("calm", alert())).action.startswith("calm")
    assert (stage.status("wild").deaths, stage.status("calm").deaths) == (1, 0)


async def test_waiting_for_the_host_is_not_the_plugins_own_time(stage: Stage) -> None:
    stage.settings = attrs.evolve(
        stage.settings,
        plugin_system=attrs.evolve(stage.settings.plugin_system, max_plugin_execution_time=0.3),
    )
    stage.site.install("wild", WILD)
    host = await stage.open()
    waiting = asyncio.create_task(host.deliver("wild", alert("wait")))
    await asyncio.sleep(1.0)
    assert not waiting.done()
    stage.answers.slow.set()
    assert (await waiting).action == "lived"
    assert stage.status("wild").deaths == 0


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("raise", "ValueError: out of ideas"),
        ("exit", "SystemExit: 3"),
        ("interrupt", "KeyboardInterrupt"),
        ("cancel", "cancelled itself"),
        ("text", "returned str"),
        ("dict", "returned dict"),
        ("unreadable", "cannot be used"),
        ("mistyped", "cannot be used"),
        ("huge", "too many"),
        ("mute", "without a reason"),
        ("bad argument", "direction must be BUY or SELL"),
        ("many", "calls waiting"),
    ],
)
async def test_a_hook_that_fails_is_that_plugins_error_and_its_worker_lives(
    stage: Stage, body: str, words: str
) -> None:
    stage.site.install("wild", WILD)
    host = await stage.open()
    pid = stage.status("wild").pid
    with pytest.raises(PluginError, match=words) as caught:
        await host.deliver("wild", alert(body))
    assert not isinstance(caught.value, WorkerDied)
    assert caught.value.code == "plugin_error"
    assert stage.state("wild") is PluginState.DEGRADED
    assert stage.state("calm") is PluginState.ACTIVE
    stage.answers.slow.set()
    assert (await host.deliver("wild", alert("fine"))).action == "lived"
    assert stage.state("wild") is PluginState.ACTIVE
    assert stage.status("wild").pid == pid


async def test_a_reason_that_is_no_code_is_kept_as_a_fact(stage: Stage) -> None:
    stage.site.install("wild", WILD)
    host = await stage.open()
    decision = await host.deliver("wild", alert("wordy"))
    assert (decision.reason, decision.data["reason_text"]) == ("other", "DualResult(a=None)")


async def test_what_a_plugin_prints_never_reaches_the_protocol(stage: Stage) -> None:
    stage.site.install("wild", WILD)
    host = await stage.open()
    assert (await host.deliver("wild", alert("print"))).action == "lived"
    assert stage.status("wild").deaths == 0


async def test_what_runs_on_after_the_alert_is_outside_of_it(stage: Stage) -> None:
    stage.site.install("wild", WILD)
    host = await stage.open()
    await host.deliver("wild", alert("leave"))
    await eventually(lambda: bool(stage.answers.calls))
    assert stage.answers.calls[0][0].alert is None


async def test_three_deaths_in_ten_minutes_quarantine_the_plugin_and_spare_the_others(stage: Stage) -> None:
    stage.site.install("wild", WILD)
    host = await stage.open()
    for _ in range(3):
        with pytest.raises(WorkerDied):
            await host.deliver("wild", alert("die"))
    await stage.until("wild", PluginState.QUARANTINED)
    assert (await host.deliver("calm", alert())).action.startswith("calm")
    with pytest.raises(PluginError, match="quarantined"):
        await host.deliver("wild", alert())
    assert host.routes("go", None)[0].plugin == "calm"
    await host.stop()
    host = await stage.open()
    assert stage.state("wild") is PluginState.QUARANTINED
    await host.enable("wild")
    assert stage.state("wild") is PluginState.ACTIVE
    assert (await host.deliver("wild", alert("fine"))).action == "lived"


async def test_a_worker_killed_from_outside_comes_back_and_alerts_wait_for_it(stage: Stage) -> None:
    stage.site.install("steady", STEADY)
    host = await stage.open()
    os.kill(stage.status("steady").pid, 9)
    await stage.until("steady", PluginState.BACKOFF)
    assert host.routes("go", "5")
    assert (await host.deliver("steady", alert())).verdict is Verdict.ACTED
    assert stage.told(EventKind.DIED) == [""]


async def test_ticks_reach_those_who_want_the_symbol_and_a_slow_one_is_ended(stage: Stage) -> None:
    stage.site.install("wild", {"wild": "wild:Wild"})
    stage.site.install("steady", STEADY)
    host = await stage.open()
    host.ticks(
        [
            Tick(symbol="XAUUSD", bid=1.0, ask=1.1, time_ns=1),
            Tick(symbol="EURUSD", bid=2.0, ask=2.1, time_ns=1),
        ]
    )
    await stage.until("wild", PluginState.BACKOFF)
    decision = await host.deliver("steady", alert())
    assert decision.data["seen"] == ["start with 0.1", "tick 1.0"]


async def test_inline_runs_the_same_plugins_in_this_process(stage: Stage) -> None:
    stage.inline = True
    stage.site.install("steady", STEADY)
    stage.site.install("wild", WILD)
    host = await stage.open()
    assert stage.status("steady").pid == os.getpid()
    assert (await host.deliver("steady", alert())).tickets == (11,)
    with pytest.raises(PluginError, match="out of ideas"):
        await host.deliver("wild", alert("raise"))
    assert (await host.deliver("calm", alert())).action == f"calm {os.getpid()}"


async def test_a_worker_that_dies_while_it_is_loaded_is_given_up_after_three_times(stage: Stage) -> None:
    stage.site.install("wild", WILD, source="import os\nos._exit(7)\n")
    stage.site.install("steady", STEADY)
    host = await stage.open()
    assert stage.state("steady") is PluginState.ACTIVE
    await stage.until("wild", PluginState.QUARANTINED)
    assert stage.state("calm") is PluginState.QUARANTINED
    assert sorted(stage.told(EventKind.QUARANTINED)) == ["calm", "wild"]
    with pytest.raises(PluginError, match="quarantined"):
        await host.deliver("calm", alert())
    stage.site.install("wild", WILD)
    await host.enable("wild")
    assert (await host.deliver("wild", alert("fine"))).action == "lived"


async def test_a_trade_update_may_close_with_a_key_of_its_own(stage: Stage) -> None:
    stage.site.install("steady", STEADY)
    host = await stage.open()
    update = TradeUpdate(
        sequence=1, kind=UpdateKind.OPENED, plugin="steady", intent_id="abc", alert_key="k", alert_id=1,
        ticket=5, symbol="XAUUSD", side=Side.BUY, leg="A", label="", volume=0.1, price=1.0, time_ns=1,
    )  # fmt: skip
    await host.update("steady", update)
    context, name, request = stage.answers.calls[0]
    assert (name, request.ticket, request.key) == ("orders.close", 5, "close:abc")
    assert context.alert is None


async def test_two_alerts_at_once_for_one_plugin_come_one_after_the_other(stage: Stage) -> None:
    stage.site.install("wild", WILD)
    host = await stage.open()
    first = asyncio.create_task(host.deliver("wild", alert("wait", number=1)))
    await eventually(lambda: len(stage.answers.calls) == 1)
    second = asyncio.create_task(host.deliver("wild", alert("wait", number=2)))
    assert (await host.deliver("calm", alert(number=3))).action.startswith("calm")
    assert len(stage.answers.calls) == 1
    stage.answers.slow.set()
    assert [(await first).action, (await second).action] == ["lived", "lived"]
    assert [c[0].alert.id for c in stage.answers.calls if c[0].alert] == [1, 2]


async def test_the_hosts_own_listeners_fail_for_themselves(stage: Stage) -> None:
    class Listener:
        def __init__(self, fails: bool) -> None:
            self.fails, self.seen = fails, 0

        @hookimpl
        async def on_alert(self, alert: Alert) -> None:
            self.seen += alert.id
            if self.fails:
                raise ValueError("deaf")

    stage.site.install("wild", WILD)
    host = await stage.open()
    deaf, keen = Listener(True), Listener(False)
    host.listen(keen, "keen")
    host.listen(deaf, "deaf")
    outcomes = await host.announce("on_alert", alert=alert(number=4))
    assert [(o.plugin, type(o.error)) for o in outcomes] == [("deaf", ValueError), ("keen", type(None))]
    assert (deaf.seen, keen.seen) == (4, 4)


async def test_a_worker_that_holds_too_much_is_ended_and_whose_hook_ran_is_charged(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zepix_core.plugins.exchange.WEIGH_SECONDS", 0.05)
    stage.settings = attrs.evolve(stage.settings, health=HealthSettings(memory_limit_mb=120))
    stage.site.install("wild", WILD)
    host = await stage.open()
    with pytest.raises(WorkerDied, match="held"):
        await host.deliver("wild", alert("grow"))
    assert stage.status("wild").deaths == 1
    assert stage.status("calm").deaths == 0
