"""A sample of seeds, and what seeds have found, each as the smallest scenario that failed."""

import pytest

from zepix_core.testing.simulator.acts import Act, Do
from zepix_core.testing.simulator.faults import Fault, Kind
from zepix_core.testing.simulator.report import told
from zepix_core.testing.simulator.run import Scenario, Theatre

PAIR = '{"type": "pair", "symbol": "GBPUSD", "side": "sell", "lots": 0.2, "sl": 20, "tp": 8, "id": "A3"}'
SINGLE = (
    '{"type": "single", "symbol": "GBPUSD", "side": "buy", "sl": 8, "tp": 8, "then": "tighten", "id": "A0"}'
)
BUY = '{"type": "pair", "symbol": "GBPUSD", "side": "buy", "sl": 8, "tp": 20, "id": "A5"}'
TIGHTEN = '{"type": "tighten", "symbol": "GBPUSD", "id": "A2"}'


def alert(body: str, pause: float) -> Act:
    return Act(do=Do.ALERT, bodies=(body,), pause=pause)


FOUND = {
    "seed 203: an entry that was judged before a pause was sent after it": [
        Scenario(seed=203, acts=(alert(PAIR, 0.010 + 0.008 * step), Act(do=Do.PAUSE, pause=2.0)), faults=())
        for step in range(3)
    ],
    "seed 317: a panic that could not be written at first was written over its own end": [
        Scenario(
            seed=317,
            acts=(alert(SINGLE, 0.1), Act(do=Do.PANIC, word="flatten", pause=3.0)),
            faults=(Fault(Kind.IO_ERROR, 1, commit, 0.76),),
        )
        for commit in (2,)
    ],
    "seeds 123 and 230: an alert whose claim was said to have failed, and stood, was left claimed": [
        Scenario(seed=123, acts=(alert(TIGHTEN, 6.0),), faults=(Fault(Kind.IO_ERROR_STORED, 1, commit, 0.6),))
        for commit in (3,)
    ],
    "seed 56: a plugin heard of a close before the opening, whose news was lost": [
        Scenario(
            seed=56,
            acts=(alert(BUY, 0.1), Act(do=Do.MOVE, word="GBPUSD", size=-10.0, pause=3.0)),
            faults=(Fault(Kind.NEWS_LOST, 1, 1), Fault(Kind.REQUOTE, 1, 2)),
        )
    ],
    "seeds 93 and 226: an update that a look-up had written was told much later": [
        Scenario(
            seed=226,
            acts=(alert(SINGLE, 15.0),),
            faults=(Fault(kind, 1, 2, 0.6),),
        )
        for kind in (Kind.NO_RESULT_UNSENT,)
    ],
}


@pytest.mark.parametrize("seed", range(1, 9))
def test_all_invariants_hold_for_a_seed(theatre: Theatre, seed: int) -> None:
    outcome = theatre.seed(seed)
    assert not outcome.violations, told(outcome)
    assert outcome.commits > 20 and outcome.checks > 100


@pytest.mark.parametrize("what", FOUND)
def test_what_a_seed_once_found_holds(theatre: Theatre, what: str) -> None:
    for scenario in FOUND[what]:
        outcome = theatre.run(scenario)
        assert not outcome.violations, told(outcome)
