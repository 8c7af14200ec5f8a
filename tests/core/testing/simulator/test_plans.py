"""Plans of faults: drawn from the seed, struck where they say, made smaller when something fails."""

from collections import Counter
from random import Random

import attrs

from zepix_core.testing.simulator.acts import Act, Do, acts_of, compose
from zepix_core.testing.simulator.faults import UNITS, Fault, Kind, Striker, Unit, plan_of
from zepix_core.testing.simulator.run import Outcome, Scenario
from zepix_core.testing.simulator.shrink import shrink


def test_every_kind_is_drawn_sooner_or_later() -> None:
    drawn = {fault.kind for seed in range(400) for fault in plan_of(Random(seed), 8)}
    assert drawn == set(Kind) == set(UNITS)


def test_a_fault_strikes_once_at_its_place_counted_from_its_act() -> None:
    striker = Striker((Fault(Kind.BUSY, 1, 2), Fault(Kind.FULL, 0, 9), Fault(Kind.DISCONNECT, 1, 3)))
    assert striker.begin(0) == ()
    assert [striker.count(Unit.COMMIT) for _ in range(5)] == [None] * 5
    (timed,) = striker.begin(1)
    assert timed.kind is Kind.DISCONNECT
    struck = [fault.kind if (fault := striker.count(Unit.COMMIT)) else None for _ in range(5)]
    assert struck == [None, Kind.BUSY, None, Kind.FULL, None]
    assert striker.struck == Counter({Kind.BUSY: 1, Kind.FULL: 1})
    assert striker.occasions[Unit.COMMIT] == 10


def test_nothing_strikes_after_the_end() -> None:
    striker = Striker((Fault(Kind.BUSY, 0, 1),))
    striker.begin(0)
    striker.end()
    assert striker.count(Unit.COMMIT) is None


def test_acts_begin_with_an_alert_and_send_again_what_was_sent() -> None:
    for seed in range(100):
        acts = acts_of(Random(seed), compose)
        assert acts[0].do is Do.ALERT
        sent: set[str] = set()
        for act in acts:
            if act.do is Do.AGAIN:
                assert set(act.bodies) <= sent
            sent |= set(act.bodies)


def outcome_of(scenario: Scenario, *violations: str) -> Outcome:
    return Outcome(
        scenario=scenario, violations=violations, digest="", struck=Counter(), steps=Counter(),
        occasions=Counter(), commits=0, requests=0, checks=0, starts=0, seconds=0.0, lines=(),
    )  # fmt: skip


def test_what_is_not_needed_to_fail_is_left_out() -> None:
    needed, idle = Fault(Kind.BUSY, 1, 2), Fault(Kind.FULL, 0, 9)
    acts = (Act(do=Do.ALERT, bodies=("a",)), Act(do=Do.PAUSE, pause=3.0), Act(do=Do.RESUME))

    def run(scenario: Scenario) -> Outcome:
        fails = needed in scenario.faults and scenario.acts[0].do is Do.ALERT
        return outcome_of(scenario, *(["alert 7 is lost"] if fails else []))

    whole = Scenario(seed=1, acts=acts, faults=(idle, needed, attrs.evolve(idle, after=3)))
    smallest = shrink(run(whole), run).scenario
    assert smallest.faults == (needed,)
    assert smallest.acts == (acts[0], Act(do=Do.WAIT, pause=3.0), Act(do=Do.WAIT, pause=1.0))
