"""One scenario, struck at each of its steps or commits in turn: nothing is left to chance."""

import attrs

from zepix_core.testing.simulator.acts import Act, Do
from zepix_core.testing.simulator.faults import UNITS, Fault, Kind, Unit
from zepix_core.testing.simulator.run import Scenario, Theatre

WALK = (
    Act(do=Do.ALERT, bodies=('{"type": "pair", "symbol": "EURUSD", "side": "buy", "id": "W1"}',), pause=2.0),
    Act(do=Do.ALERT, bodies=('{"type": "tighten", "symbol": "EURUSD", "id": "W2"}',), pause=2.0),
    Act(do=Do.ALERT, bodies=('{"type": "turn", "symbol": "EURUSD", "side": "sell", "id": "W3"}',), pause=2.0),
    Act(do=Do.MOVE, word="EURUSD", size=40.0, pause=1.0),
)
"""A pair, its stops drawn nearer, its reversal, the stop that ends it."""


WALKED = tuple(kind for kind, unit in UNITS.items() if unit is not Unit.SECOND)
"""Kinds that strike at something that can be counted."""


def walk(theatre: Theatre, kind: Kind, acts: tuple[Act, ...] = WALK, every: int = 1) -> list[Scenario]:
    """The scenario with a fault of ``kind`` at its first step or commit, its second, and so on.

    Args:
        theatre: Where it is run once undisturbed, to learn how many there are.
        every: Strike at every so many only.
    """
    whole = Scenario(seed=0, acts=acts, faults=())
    occasions = theatre.run(whole).occasions[UNITS[kind]]
    return [
        attrs.evolve(whole, faults=(Fault(kind, 0, number, 0.5),))
        for number in range(1, occasions + 1, every)
    ]
