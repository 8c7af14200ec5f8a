"""Numbers as ``str.format`` writes them for people: digits in groups, three decimals at most."""

from collections.abc import Iterator
from decimal import Decimal

import attrs

from zepix_core.pine.fault import Fault
from zepix_core.pine.filling import Filled
from zepix_core.pine.object_text import read_object_text
from zepix_core.pine.parts import Hole, Literal, Way
from zepix_core.pine.pipe_rules import is_number

CODE = "number_format"
_TIMES = frozenset({"time", "now"})
_NUMBERS = _TIMES | {"price", "number"}
_MOST_DECIMALS = Decimal("0.001")


def grouped(way: Way) -> Way:
    """What a place such as ``{0}`` writes of a value; a text stays as it is."""
    if way.words or len(way.parts) == 0:
        return way
    if way.literal is not None and is_number(way.literal):
        text = _written(Decimal(way.literal))
        first = way.parts[0]
        at = first.at if isinstance(first, Hole) else first.offsets[0]
        return way if text == way.literal else attrs.evolve(way, parts=(Literal(text, (at,) * len(text)),))
    first = way.parts[0]
    if len(way.parts) == 1 and isinstance(first, Hole) and first.kind in _NUMBERS:
        return attrs.evolve(way, parts=(attrs.evolve(first, grouped=True),))
    return way


def grouped_numbers(filled: Filled) -> Iterator[Fault]:
    """Such numbers where the receiver reads one: a price loses decimals, a time breaks the alert."""
    places = _json_places(filled) if filled.text.lstrip()[:1] == "{" else _pipe_places(filled)
    for at, end, breaks in places:
        for hole in filled.holes_of(at, end):
            if hole.grouped:
                yield _fault(hole, filled, at, breaks)
                break


def _written(number: Decimal) -> str:
    short = round(number, 3) if number != number.quantize(_MOST_DECIMALS) else number
    text = f"{short:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _json_places(filled: Filled) -> Iterator[tuple[int, int, bool]]:
    """Values outside quotes, and ``t`` inside them too; of each whether commas break the message."""
    for entry in read_object_text(filled.text).entries:
        quoted = isinstance(entry.value, str)
        if not quoted or entry.key == "t":
            yield entry.at, entry.end, not quoted


def _pipe_places(filled: Filled) -> Iterator[tuple[int, int, bool]]:
    """Fields that hold one value and nothing else."""
    at = 0
    for piece in filled.text.split("|"):
        holes = filled.holes_of(at, at + len(piece))
        if len(holes) == len(piece) and len(set(holes)) == 1:
            yield at, at + len(piece), True
        at += len(piece) + 1


def _fault(hole: Hole, filled: Filled, at: int, breaks: bool) -> Fault:
    hint = f"Write the place with a pattern such as {{0,number,#.#####}}, or give str.tostring({hole.name})."
    start = next(place for place in range(at, len(filled.text)) if filled.holes.get(place) is hole)
    if hole.kind in _TIMES:
        what = f"str.format writes {hole.name} with commas, 1,700,000,000,000: "
        what += "it is no number any more" if breaks else "it is not read as a time"
        return Fault(start, 1, CODE, what, hint.replace("#.#####", "#"), grave=breaks)
    what = f"str.format writes {hole.name} with three decimals at most, and with commas from 1,000 on"
    return Fault(start, 1, CODE, what, hint, grave=False)
