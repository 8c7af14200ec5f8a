"""Real processes killed with SIGKILL: nothing accepted is lost, nothing is traded twice."""

import os
import sys
import time
from pathlib import Path

import pytest

from tests.system.killing import STEPS, Campaign, contradictions, resolved
from zepix_core.testing.process import RunningHost

KILLS = int(os.environ.get("ZEPIX_KILLS", "3"))


def moments(campaign: Campaign, count: int) -> list[str | float]:
    """Every step of the walk in turn, with random moments between."""
    steps = list(STEPS)
    return [
        steps[(i // 2) % len(steps)] if i % 2 == 0 else campaign.chance.uniform(0.0, 0.08)
        for i in range(count)
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
@pytest.mark.parametrize("target", ["host", "gateway", "worker"])
def test_killed_at_any_moment_nothing_is_lost_or_traded_twice(target: str, tmp_path: Path) -> None:
    with RunningHost(tmp_path / "home", profile="bench") as host:
        host.start()
        campaign = Campaign(host, seed={"host": 1, "gateway": 2, "worker": 3}[target])
        for moment in moments(campaign, KILLS):
            campaign.strike(target, moment)
        assert campaign.accepted, "no alert was accepted: the test proves nothing"
        resolved(host)
        assert contradictions(host, campaign.accepted) == []
        executed = len(host.rows("paper", "orders"))
        assert executed > 0
        time.sleep(1.5)
        assert len(host.rows("paper", "orders")) == executed, "an orphan executed later"
