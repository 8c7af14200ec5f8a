"""The command, what it prints of a run that fails, and the fixture for authors of plugins."""

from collections.abc import Callable
from typing import ClassVar

import pytest

from zepix_core import Alert, AlertClass, Capability, LogicPlugin, ServiceAPI, hookimpl
from zepix_core.testing.simulator.__main__ import main
from zepix_core.testing.simulator.campaign import Tally
from zepix_core.testing.simulator.plugin import SimulatedPlugin
from zepix_core.testing.simulator.run import Theatre

ENTRY = '{"type": "single", "symbol": "EURUSD", "side": "buy", "then": "leave"}'


class Twice(LogicPlugin):
    """Opens the same leg twice for one alert."""

    alerts: ClassVar = {"single": AlertClass.ENTRY}
    capabilities = frozenset({Capability.PLACE_ORDER})

    @hookimpl
    async def on_alert(self, alert: Alert, api: ServiceAPI) -> None:
        for key in ("once", "again"):
            await api.place_order("EURUSD", "BUY", 0.1, 1.1, 1.3, key=key)


def test_a_seed_is_run_and_said_to_hold(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "6..7"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("2 runs, 0 failed; ")
    assert "steps" in lines[-1] and "checks of the invariants" in lines[-1]


def test_every_line_of_a_run_can_be_read_as_it_happens(theatre: Theatre) -> None:
    lines: list[str] = []
    theatre.seed(8, lines.append)
    told = "\n".join(lines)
    assert " act      alert " in told and " event    " in told and " log      zepix_core.host: ready" in told


def test_a_plugin_of_ones_own_is_run_with_its_alerts(simulate: Callable[..., Tally]) -> None:
    tally = simulate(SimulatedPlugin, alerts=[ENTRY], seeds=range(1, 3), plugin_id="mine")
    assert tally.runs == 2 and not tally.failed and tally.requests > 0


def test_a_run_that_fails_tells_its_seed_its_plan_and_how_to_see_it_again(
    simulate: Callable[..., Tally],
) -> None:
    with pytest.raises(AssertionError) as failed:
        simulate(Twice, alerts=[ENTRY], seeds=[61], plugin_id="twice")
    told = str(failed.value)
    assert told.startswith("seed 61 FAILED")
    assert "opened leg A of twice 2 times" in told
    assert "again: python -m zepix_core.testing.simulator --seed 61 --trace" in told
    assert "fault " not in told, "no fault is needed for that"
