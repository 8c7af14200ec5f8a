"""The same seed is the same run, in any process."""

import os
import subprocess
import sys

from zepix_core.testing.simulator.run import Theatre

SEED = 5


def test_a_seed_runs_the_same_way_again_and_in_a_process_with_other_hashes(theatre: Theatre) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "zepix_core.testing.simulator", "--seed", str(SEED)],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": "3"},
    ).stdout  # fmt: skip
    first, second = theatre.seed(SEED), theatre.seed(SEED)
    assert first.digest == second.digest
    assert told.strip() == f"seed {SEED}: all held; digest {first.digest}"
    assert theatre.seed(SEED + 1).digest != first.digest
