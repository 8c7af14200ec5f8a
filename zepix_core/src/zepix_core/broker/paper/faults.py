"""Injected faults of the paper broker: the text of ``ZEPIX_PAPER_FAULTS`` and what it decides."""

import math
from collections import Counter
from random import Random

import attrs

from zepix_core.errors import SettingsError

VARIABLE = "ZEPIX_PAPER_FAULTS"
PROBABLE = (
    "timeout_after_execute",
    "timeout_before_execute",
    "none_after_send",
    "late_reply",
    "requote",
    "partial",
    "rewrite_comment",
    "reject_stops",
)
DISCONNECT = "disconnect"
LATE_SECONDS = (1.0, 12.0)


@attrs.frozen(kw_only=True)
class FaultPlan:
    """Probability of each fault per request, and the rhythm of disconnections.

    Attributes:
        disconnect_seconds: The link is up that long, then down that long, and so on; 0.0: never down.
    """

    probabilities: dict[str, float] = attrs.field(factory=dict)
    disconnect_seconds: float = 0.0

    def __bool__(self) -> bool:
        return bool(self.probabilities) or self.disconnect_seconds > 0


def parse_faults(text: str) -> FaultPlan:
    """Read ``name:probability`` and ``disconnect:seconds``, comma between.

    Raises:
        SettingsError: Unknown names or numbers out of range; every fault of the text at once.
    """
    probabilities: dict[str, float] = {}
    seconds = 0.0
    wrong: list[str] = []
    for part in (piece.strip() for piece in text.split(",")):
        name, _, number = part.partition(":")
        value = _number(number)
        if not part:
            continue
        if name == DISCONNECT and 0 < value < math.inf:
            seconds = value
        elif name in PROBABLE and 0 <= value <= 1:
            probabilities[name] = value
        elif name == DISCONNECT:
            wrong.append(f"{part!r}: disconnect needs seconds above 0")
        elif name in PROBABLE:
            wrong.append(f"{part!r}: a probability is a number from 0 to 1")
        else:
            wrong.append(f"{part!r}: no such fault")
    if wrong:
        raise SettingsError(
            f"{VARIABLE} cannot be used: " + "; ".join(wrong) + ".",
            f"Known: {', '.join(PROBABLE)} with a probability, {DISCONNECT} with seconds.",
            tuple(wrong),
        )
    return FaultPlan(probabilities=probabilities, disconnect_seconds=seconds)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


class FaultDice:
    """Decides, request by request. The same seed, start, intent and attempt always fall the same way.

    The number of the start is part of the draw because the gateway restarts after a time-out: a sequence
    that began anew with each process would strike the same request for ever.
    """

    def __init__(self, plan: FaultPlan, seed: int, start: int = 1) -> None:
        self._plan = plan
        self._seed = seed
        self._start = start
        self._attempts: Counter[str] = Counter()

    def strikes(self, intent_id: str) -> dict[str, float]:
        """Faults that strike this request, each with a number in 0..1 for its own use."""
        self._attempts[intent_id] += 1
        request = f"{self._start}:{intent_id}:{self._attempts[intent_id]}"
        struck: dict[str, float] = {}
        for name, probability in self._plan.probabilities.items():
            draw = Random(f"{self._seed}:{name}:{request}")  # noqa: S311
            if draw.random() < probability:
                struck[name] = draw.random()
        return struck

    def connected(self, seconds: float) -> bool:
        """Whether the link is up that long after the start."""
        period = self._plan.disconnect_seconds
        return period <= 0 or math.floor(seconds / period) % 2 == 0
