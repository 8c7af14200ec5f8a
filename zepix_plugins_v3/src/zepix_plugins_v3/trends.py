"""The four pillars: reading them from an alert's trend string, and asking whether they agree."""

from collections.abc import Mapping, Sequence

from zepix_core import Side

PILLARS = ("15m", "1h", "4h", "1d")
FORWARD = (2, 3, 4, 5)
"""Places of the pillars in a six-value string: 1m, 5m, 15m, 1h, 4h, 1d."""

WORDS = {1: "bullish", 0: "neutral", -1: "bearish"}
_VALUES = {"-1": -1, "0": 0, "1": 1}
_PILLAR_OF = {"15": "15m", "60": "1h", "240": "4h", "1D": "1d"}


def read_values(text: object) -> tuple[int, ...] | None:
    """The values of a comma-separated trend string, ``None`` when any is not exactly -1, 0 or 1."""
    if not isinstance(text, str):
        return None
    values = [_VALUES.get(token.strip()) for token in text.split(",")]
    known = tuple(value for value in values if value is not None)
    return known if len(known) == len(values) else None


def pillars(
    values: Sequence[int], names: Sequence[str] = PILLARS, places: Sequence[int] = FORWARD
) -> dict[str, int]:
    """The pillars in a trend string of six values (forward) or five (as Pine's entries send them:
    reversed and without 1m). A place the string does not have reads as neutral."""
    forward = tuple(values) if len(values) == 6 else (0, *reversed(values))
    found = {name: forward[place] for name, place in zip(names, places, strict=True)}
    return {name: found.get(name, 0) for name in PILLARS}


def aligned(found: Mapping[str, int], side: Side) -> int:
    """How many pillars equal the direction; neutral and missing ones count for neither side."""
    return sum(1 for name in PILLARS if found.get(name, 0) == side.sign)


def changed_pillars(text: object) -> tuple[str, ...]:
    """The pillars named in Pine's ``changed_timeframes`` (``"15,240,"``), each once, in its order."""
    if not isinstance(text, str):
        return ()
    names = (_PILLAR_OF.get(token.strip()) for token in text.split(","))
    return tuple(dict.fromkeys(name for name in names if name is not None))
