"""Where a broken JSON message was damaged: the one character that would make it whole again."""

from collections.abc import Callable, Iterator

import attrs

from zepix_core.pine.fault import Fault
from zepix_core.pine.object_text import readable

REACH = 160
_PUTS = '",:{}'
_NAMES = {'"': "a quote", ",": "a comma", ":": "a colon"}


def repair(text: str, fault: Fault, sound: Callable[[str], bool]) -> Fault | None:
    """The damage that explains ``fault``, ``None`` when no single character does.

    A reader stops behind the damage: a lost quote is noticed at the next one. So every place up to
    `REACH` characters before is tried, the nearest first.

    Args:
        sound: Whether a repaired message has nothing else wrong with it.
    """
    for at, length, put in _changes(text, fault):
        repaired = text[:at] + put + text[at + length :]
        if readable(repaired) and sound(repaired):
            start = _bare_start(text, at) if (length, put) == (1, "") and text[at] == '"' else at
            if not length and put in ",:":
                start = len(text[:at].rstrip())
            said = _said(text, at, length, put)
            return attrs.evolve(fault, at=start, length=at - start + 1, text=said, hint="")
    return None


def _changes(text: str, fault: Fault) -> Iterator[tuple[int, int, str]]:
    """Characters put in, taken out, and exchanged: (where, how many go, what comes)."""
    first = max(fault.at - REACH, 0)
    last = min(fault.at + fault.length + 1, fault.at + REACH, len(text))
    for at in range(last, first - 1, -1):
        yield from ((at, 0, put) for put in _PUTS)
        if at < len(text):
            yield at, 1, ""
            yield from ((at, 1, put) for put in f"{_PUTS}." if text[at] != put)


def _bare_start(text: str, at: int) -> int:
    """Where the bare value begins that a quote ends: the quote that is missing may as well be there."""
    while at > 0 and (text[at - 1].isalnum() or text[at - 1] in ".-"):
        at -= 1
    return at


def _said(text: str, at: int, length: int, put: str) -> str:
    what = _NAMES.get(put, put)
    if not length:
        return f"{what} is missing here"
    return f"{text[at]!r} does not belong here" if not put else f"{what} belongs here, not {text[at]!r}"
