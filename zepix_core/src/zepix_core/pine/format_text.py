"""The text that Pine's ``str.format`` fills in: its places, what stands in apostrophes, and its braces."""

import re
from collections.abc import Iterator

import attrs

from zepix_core.pine.fault import Fault

_PIECE = re.compile(
    r"""
    (?P<apostrophe>'')
  | '(?P<quoted>(?:[^']|'')*)(?P<closed>'?)
  | \{(?P<number>[0-9]{1,4})(?:,[^{}]*)?\}
  | (?P<placeholder>\{\{\s*[A-Za-z][^{}]*\}\})
  | (?P<brace>\{\{|\}\}|[{}])
  | (?P<other>[^'{}]+)
    """,
    re.VERBOSE,
)
_PLACE = re.compile(r"\{[0-9]+(?:,[^{}]*)?\}")
_HINT = (
    "A brace that is to be sent stands in apostrophes: '{' and '}' (\\'{\\' where the text itself does). "
    "Doubling it does not help."
)


@attrs.frozen
class Piece:
    """Text as it is sent, with the offset in the script of each character, or a place (``number`` from 0)."""

    text: str
    offsets: tuple[int, ...]
    number: int | None = None


def read_format(
    text: str, offsets: tuple[int, ...], count: int
) -> tuple[tuple[Piece, ...], tuple[Fault, ...]]:
    """The pieces of a format text, and what is wrong with it. Broken braces are read as they are meant.

    Args:
        offsets: Of each character of ``text``: its offset in the script.
        count: How many values there are to fill in.
    """
    pieces, faults, doubles = [], list[Fault](), "{{" in text
    for found in _PIECE.finditer(text):
        start, end = found.span()
        where, kind = offsets[start:end], found.lastgroup
        if found["number"]:
            number = int(found["number"])
            pieces.append(Piece(found[0], where, number if number < count else None))
            if number >= count:
                given = f"{count or 'no'} value{'s' * (count != 1)}"
                said = f"{found[0]} is never filled in: str.format is given {given}"
                faults.append(Fault(offsets[start], end - start, "str_format", said))
        elif found["quoted"] is not None:
            shown = found["quoted"].replace("''", "'")
            pieces.append(Piece(shown, _inside(found["quoted"], where[1:])))
            faults += _quoted(found, offsets)
        elif kind == "apostrophe":
            pieces.append(Piece("'", where[:1]))
        elif kind == "brace" and doubles and found[0] in ("{{", "}}"):
            pieces.append(Piece(found[0][0], where[:1]))
        else:
            pieces.append(Piece(found[0], where))
    return tuple(pieces), (*_first_brace(text, offsets), *faults)


def groups_digits(place: str) -> bool:
    """Whether a number is written with commas, and with three decimals at most, in a place such as ``{0}`` or
    ``{0,number,#.##}``: so it is where no pattern says otherwise."""
    kind, _, pattern = (word.strip() for word in place[1:-1].partition(",")[2].partition(","))
    return not kind or (kind == "number" and (pattern in ("", "integer") or "," in pattern))


def _inside(quoted: str, offsets: tuple[int, ...]) -> tuple[int, ...]:
    """The offsets of what is left of a text in apostrophes: of two that stand together, the first."""
    return tuple(offsets[found.start()] for found in re.finditer(r"''|[^']", quoted))


def _first_brace(text: str, offsets: tuple[int, ...]) -> Iterator[Fault]:
    """The first brace that breaks the text: one tells about all of them."""
    for found in _PIECE.finditer(text):
        if found["brace"] or found["placeholder"]:
            at, brace = found.start(), text[found.start()]
            said = f"str.format takes this {brace} for a place to fill in: the script stops here"
            yield Fault(offsets[at], 1, "str_format", said, _HINT)
            return


def _quoted(found: re.Match[str], offsets: tuple[int, ...]) -> Iterator[Fault]:
    """What apostrophes hide, and one that has no second."""
    place, start = _PLACE.search(found["quoted"]), found.start("quoted")
    if place is not None:
        said = f"{place[0]} stands between apostrophes: it is sent as it is, and never filled in"
        hint = "Put apostrophes around single braces only, and double one that is to be sent."
        yield Fault(offsets[start + place.start()], len(place[0]), "str_format", said, hint)
    elif not found["closed"]:
        said = "this apostrophe has no second: it is not sent"
        hint = "Double it if it is to be sent."
        yield Fault(offsets[found.start()], 1, "str_format", said, hint, grave=False)
