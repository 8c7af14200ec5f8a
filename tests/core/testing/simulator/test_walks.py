"""One scenario, struck at its steps in turn: here at a few of them, all in `tox -e simulate`."""

import pytest

from zepix_core.testing.simulator.exhaustive import walk
from zepix_core.testing.simulator.faults import Kind
from zepix_core.testing.simulator.report import told
from zepix_core.testing.simulator.run import Theatre


@pytest.mark.parametrize(
    ("kind", "every"),
    [(Kind.HOST_CRASH, 320), (Kind.CRASH_AFTER_COMMIT, 40), (Kind.IO_ERROR_STORED, 40)],
    ids=str,
)
def test_all_holds_wherever_it_strikes(theatre: Theatre, kind: Kind, every: int) -> None:
    scenarios = walk(theatre, kind, every=every)
    assert len(scenarios) > 1
    for scenario in scenarios:
        outcome = theatre.run(scenario)
        assert outcome.struck[kind] == 1
        assert not outcome.violations, told(outcome)
