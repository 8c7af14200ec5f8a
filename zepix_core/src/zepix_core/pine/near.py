"""Names that somebody probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The name that ``word`` was probably meant to be: one character or the case away, else alike."""
    names = list(names)
    for name in names:
        if one_edit(word, name) or word.casefold() == name.casefold():
            return name
    found = get_close_matches(word, names, n=1, cutoff=0.7)
    return found[0] if found else None


def one_edit(one: str, other: str) -> bool:
    """Whether one character put in, taken out or changed makes one text of the other."""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1:
        return False
    same = next((at for at, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return short[same + (len(short) == len(long)) :] == long[same + 1 :]
