"""What a person reads of one run."""

from zepix_core.testing.simulator.acts import Act, Do
from zepix_core.testing.simulator.run import Outcome

LINES = 40
WORDS = 24


def told(outcome: Outcome, lines: int | None = None) -> str:
    """The seed, what did not hold, the plan, the last lines, and how to see it again.

    Args:
        lines: How many of the last lines; ``None``: `LINES` of a run that failed.
    """
    scenario = outcome.scenario
    if not outcome.violations:
        return f"seed {scenario.seed}: all held; digest {outcome.digest}"
    shown = list(outcome.lines)[-(LINES if lines is None else lines) :] if lines != 0 else []
    acts = [f"  act {number} {act}" for number, act in enumerate(scenario.acts, start=1) if _counts(act)]
    return "\n".join(
        [
            f"seed {scenario.seed} FAILED; digest {outcome.digest}",
            *(f"  does not hold: {sentence}" for sentence in outcome.violations[:WORDS]),
            *acts,
            *(f"  fault {fault}" for fault in scenario.faults),
            *(f"    {line}" for line in shown),
            f"  again: python -m zepix_core.testing.simulator --seed {scenario.seed} --trace",
        ]
    )


def _counts(act: Act) -> bool:
    return act.do is not Do.WAIT or act.pause > 0
