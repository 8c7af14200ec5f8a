"""The shipped plugins in the simulator: a few seeds here, 10,000 in `tox -e simulate`."""

from tests.system.simulated import shipped
from zepix_core.testing.simulator.report import told
from zepix_core.testing.simulator.run import Theatre

SEEDS = range(1, 6)


def test_all_holds_for_the_shipped_plugins() -> None:
    with Theatre(shipped()) as theatre:
        for seed in SEEDS:
            outcome = theatre.seed(seed)
            assert not outcome.violations, told(outcome)
