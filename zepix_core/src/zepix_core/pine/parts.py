"""A message as the script builds it: literal text and holes, one value for each way the script can take."""

from collections.abc import Iterable, Mapping

import attrs

from zepix_core.pine.fault import Fault

MOST_WAYS = 400


@attrs.frozen
class Literal:
    """Text as the script has it, with the offset in the script of each character."""

    text: str
    offsets: tuple[int, ...]


@attrs.frozen
class Hole:
    """Something filled in when the script runs.

    Attributes:
        name: The expression, or the placeholder.
        kind: ``ticker``, ``tickerid``, ``timeframe``, ``price``, ``number``, ``word``, ``unknown``; ``time``
            (when the bar began) or ``now`` as a number, ``iso`` or ``iso_now`` as text.
        at, length: Its place in the script.
        sample: What it holds unless somebody changes it, or ``""``.
        grouped: ``str.format`` writes it as people read numbers: 1,234.568 for 1234.56789.
    """

    name: str
    kind: str
    at: int
    length: int
    sample: str = ""
    grouped: bool = False


Part = Literal | Hole


@attrs.frozen
class Way:
    """One value an expression can have.

    Attributes:
        given: What the conditions on this way came to, by their text.
        words: It is text for certain, so that ``+`` joins.
        faults: What is wrong with how the script makes it, by its place in the script.
    """

    parts: tuple[Part, ...]
    given: Mapping[str, object] = {}
    words: bool = False
    faults: tuple[Fault, ...] = ()

    @property
    def literal(self) -> str | None:
        """Its text, when nothing in it is filled in later."""
        texts = [part.text for part in self.parts if isinstance(part, Literal)]
        return "".join(texts) if len(texts) == len(self.parts) else None


Ways = tuple[Way, ...]


def agree(one: Mapping[str, object], other: Mapping[str, object]) -> dict[str, object] | None:
    """Both sets of conditions together, ``None`` when they contradict each other."""
    if any(other.get(key, value) != value for key, value in one.items()):
        return None
    return {**one, **other}


def under(ways: Iterable[Way], given: Mapping[str, object]) -> Ways:
    """The ways that can be gone when these conditions hold."""
    both = ((way, agree(given, way.given)) for way in ways)
    return tuple(attrs.evolve(way, given=found) for way, found in both if found is not None)[:MOST_WAYS]


def join(left: Ways, right: Ways) -> Ways:
    """One text behind the other, in every way that both can go together; what is empty leaves no part."""
    found = []
    for one in left:
        for other in right:
            given = agree(one.given, other.given)
            if given is not None:
                faults = tuple(dict.fromkeys(one.faults + other.faults))
                parts = tuple(part for part in one.parts + other.parts if not _is_empty(part))
                found.append(Way(parts, given, words=True, faults=faults))
            if len(found) >= MOST_WAYS:
                return tuple(found)
    return tuple(found)


def _is_empty(part: Part) -> bool:
    return isinstance(part, Literal) and not part.text


def distinct(ways: Iterable[Way]) -> Ways:
    """Each way once."""
    seen: list[Way] = []
    for way in ways:
        if way not in seen:
            seen.append(way)
        if len(seen) >= MOST_WAYS:
            break
    return tuple(seen)
