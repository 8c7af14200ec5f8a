"""Trying once more after a while what the broker or the host could not do."""

from datetime import timedelta

from zepix_core import ServiceAPI
from zepix_core.clock import moment, nanoseconds
from zepix_plugins_v3 import labels

OFFLINE = "BROKER_OFFLINE"
UNRESOLVED = "UNRESOLVED"
FINAL = frozenset({"NO_SUCH_POSITION", "NOT_OWNER"})
"""Codes of a request about a position that no later try would change."""

FIRST_SECONDS = 5
MOST_DOUBLINGS = 6


async def later(what: str, name: str, tries: int, api: ServiceAPI) -> None:
    """Be woken in 5 seconds, after each further try in twice as many, up to 320.

    The moments lie on a grid, so that several who ask for the same are woken once.
    """
    tries = min(tries, MOST_DOUBLINGS)
    grid = FIRST_SECONDS * 2**tries
    due = (nanoseconds(api.now()) // 1_000_000_000 // grid + 1) * grid
    at = moment(0) + timedelta(seconds=due)
    await api.clock.at(at, key=labels.again_key(what, name, tries, due))
