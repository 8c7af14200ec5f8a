"""Seeded runs of a whole host in one process on virtual time, with faults at every await and every commit.

``python -m zepix_core.testing.simulator --seeds 1..100`` runs the simulator's own plugin; `simulate`, which
pytest offers as a fixture, runs yours.
"""

from zepix_core.testing.simulator.authors import cast_of, simulate

__all__ = ["cast_of", "simulate"]
