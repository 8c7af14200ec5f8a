"""From a failing scenario to a smaller one that fails in the same way."""

import re
from collections.abc import Callable

import attrs

from zepix_core.testing.simulator.acts import Act, Do
from zepix_core.testing.simulator.run import Outcome, Scenario

_NAMES = re.compile(r"\b(?=[a-z2-7]*[0-9])[a-z2-7]{10}\b|\d+(\.\d+)?")
Run = Callable[[Scenario], Outcome]


def signature(outcome: Outcome) -> frozenset[str]:
    """What did not hold, without names and numbers."""
    return frozenset(_NAMES.sub("#", sentence) for sentence in outcome.violations)


def shrink(failed: Outcome, run: Run) -> Outcome:
    """The outcome of the smallest scenario found: without the faults and the acts that are not needed.

    An act that is left out becomes a pause, so that numbers stay.
    """
    wanted, best = signature(failed), failed

    def attempt(scenario: Scenario) -> bool:
        nonlocal best
        outcome = run(scenario)
        if signature(outcome) & wanted:
            best = outcome
            return True
        return False

    for fault in failed.scenario.faults:
        left = tuple(one for one in best.scenario.faults if one is not fault)
        attempt(attrs.evolve(best.scenario, faults=left))
    for number in reversed(range(len(failed.scenario.acts))):
        acts = list(best.scenario.acts)
        if acts[number].do is not Do.WAIT:
            acts[number] = Act(do=Do.WAIT, pause=acts[number].pause)
            attempt(attrs.evolve(best.scenario, acts=tuple(acts)))
    return best
