"""Following an expression of a script to the texts it can be."""

from collections.abc import Callable, Mapping
from decimal import Decimal

import attrs

from zepix_core.pine.builtin import NAMES, RESULTS, SAME
from zepix_core.pine.expression import Binary, Broken, Call, Choice, Leaf, Node, Opaque
from zepix_core.pine.fault import Fault
from zepix_core.pine.format_text import groups_digits, read_format
from zepix_core.pine.grouping import grouped
from zepix_core.pine.parts import MOST_WAYS, Hole, Literal, Part, Way, Ways, agree, distinct, join, under
from zepix_core.pine.pipe_rules import is_number
from zepix_core.pine.script import text_value

_KEPT = frozenset({"price", "time", "now", "ticker", "timeframe", "word", "iso", "iso_now"})
TRUE, FALSE = "true", "false"


@attrs.frozen
class Bound:
    """A name's value. ``serial`` tells one assignment from the next."""

    ways: Ways
    serial: int


@attrs.define
class Names:
    """The names that can be seen in a place."""

    values: dict[str, Bound]
    above: "Names | None" = None

    def find(self, name: str) -> Bound | None:
        """The value of a name, here or further out."""
        found = self.values.get(name)
        return found if found is not None or self.above is None else self.above.find(name)


@attrs.frozen
class Evaluator:
    """Turns expressions into ways.

    Attributes:
        source: The script.
        call: Carries out a call of the script's own functions, ``None`` for a function that is not its own.
    """

    source: str
    call: Callable[[Call, Names], Ways | None]

    def ways(self, node: Node, names: Names) -> Ways:
        """Every text that ``node`` can be."""
        match node:
            case Leaf():
                return self._leaf(node, names)
            case Choice():
                return self._choice(node, names)
            case Binary():
                return self._binary(node, names)
            case Call():
                return self._call(node, names)
            case Opaque():
                return self._opaque(node, names)
        return self._hole(node, "unknown")

    def truth(self, node: Node, names: Names) -> tuple[str, bool | None]:
        """A condition's text, and what it comes to when that is known."""
        return self._key(node, names), _known(self.ways(node, names))

    def _leaf(self, node: Leaf, names: Names) -> Ways:
        token = node.token
        if token.kind == "text":
            return (Way((Literal(*text_value(token)),), words=True),)
        if token.kind == "number" or token.text in (TRUE, FALSE):
            return (Way((Literal(token.text, tuple(range(token.at, token.end))),)),)
        bound = names.find(token.text)
        if bound is not None:
            return bound.ways
        if token.text == "na":
            return (Way((Literal("NaN", (token.at,) * 3),)),)
        kind = NAMES.get(token.text, "unknown")
        words = kind in ("ticker", "tickerid", "timeframe", "word")
        return (Way((Hole(token.text, kind, node.at, node.end - node.at),), words=words),)

    def _opaque(self, node: Opaque, names: Names) -> Ways:
        inside = [way for inner in node.inside for way in self.ways(inner, names)]
        if isinstance(node, Broken):
            return tuple(
                attrs.evolve(way, faults=(syntax_fault(node),)) for way in self._hole(node, "unknown")
            )
        if self.source[node.at] == "-" and len(inside) == 1 and _is_figure(inside[0]):
            return (attrs.evolve(inside[0], parts=_negated(inside[0].parts, node.at)),)
        return self._hole(node, self._kind_inside(node))

    def _choice(self, node: Choice, names: Names) -> Ways:
        key, known = self.truth(node.condition, names)
        if known is not None:
            return self.ways(node.yes if known else node.no, names)
        yes = under(self.ways(node.yes, names), {key: True})
        return distinct((*yes, *under(self.ways(node.no, names), {key: False})))

    def _sum(self, node: Binary, names: Names) -> Ways:
        """``a + b + …`` however long, from the left."""
        sides: list[Binary] = [node]
        while isinstance(sides[-1].left, Binary) and sides[-1].left.operator == "+":
            sides.append(sides[-1].left)
        found = self.ways(sides[-1].left, names)
        for side in reversed(sides):
            right = self.ways(side.right, names)
            words = any(way.words for way in (*found, *right))
            found = join(found, right) if words else self._hole(side, "number")
        return found

    def _binary(self, node: Binary, names: Names) -> Ways:
        if node.operator == "+":
            return self._sum(node, names)
        left, right = self.ways(node.left, names), self.ways(node.right, names)
        if node.operator in ("==", "!="):
            return self._compared(node, left, right)
        known = [_known(left), _known(right)]
        if node.operator == "and" and (False in known or known == [True, True]):
            return _flag(False not in known, node)
        if node.operator == "or" and (True in known or known == [False, False]):
            return _flag(True in known, node)
        if node.operator == "/" and (kind := _kind(left)) in ("time", "now"):
            return self._hole(node, kind)
        return self._hole(node, "number" if node.operator in "-*/%" else "unknown")

    def _compared(self, node: Binary, left: Ways, right: Ways) -> Ways:
        found = []
        for one in left:
            for other in right:
                given = agree(one.given, other.given)
                if one.literal is None or other.literal is None:
                    return self._hole(node, "unknown")
                if given is not None:
                    same = _same(one.literal, other.literal) is (node.operator == "==")
                    found += [attrs.evolve(way, given=given) for way in _flag(same, node)]
            if len(found) >= MOST_WAYS:
                break
        return distinct(found) or self._hole(node, "unknown")

    def _call(self, node: Call, names: Names) -> Ways:
        own = self.call(node, names)
        if own is not None:
            return own
        inside = [self.ways(argument, names) for _, argument in node.arguments]
        if node.name == "str.format" and inside:
            return self._formatted(inside)
        kind = RESULTS.get(node.name, "unknown")
        if node.name == "str.format_time" and inside and _kind(inside[0]) == "now":
            kind = "iso_now"
        if node.name == "str.tostring" and inside:
            return tuple(attrs.evolve(self._as_text(way, node), words=True) for way in inside[0])
        if node.name in SAME and inside:
            return tuple(_changed(way, node.name) for way in inside[0])
        words = node.name.startswith("str.") and RESULTS.get(node.name) != "number"
        sample = ""
        if node.name.startswith("input") and inside and len(inside[0]) == 1:
            sample = inside[0][0].literal or ""
            words = inside[0][0].words
        hole = Hole(self._said(node), kind, node.at, node.end - node.at, sample)
        return (Way((hole,), words=words),)

    def _as_text(self, way: Way, node: Call) -> Way:
        if way.literal is not None:
            return way
        holes = [part for part in way.parts if isinstance(part, Hole)]
        kind = _kind((way,)) if _kind((way,)) in _KEPT else "number"
        hole = Hole(self._said(node), kind, node.at, node.end - node.at, holes[0].sample)
        # A value that comes from elsewhere, such as a function's argument, is where it comes from.
        if len(way.parts) == 1 and not node.at <= holes[0].at < node.end:
            hole = attrs.evolve(hole, at=holes[0].at, length=holes[0].length)
        return attrs.evolve(way, parts=(hole,), words=False)

    def _formatted(self, inside: list[Ways]) -> Ways:
        found: list[Way] = []
        for way in inside[0]:
            text = "".join(part.text for part in way.parts if isinstance(part, Literal))
            offsets = [at for part in way.parts if isinstance(part, Literal) for at in part.offsets]
            pieces, faults = read_format(text, tuple(offsets), len(inside) - 1)
            faults = tuple(dict.fromkeys((*way.faults, *faults)))
            built: Ways = (Way((), way.given, words=True, faults=faults),)
            for piece in pieces:
                value: Ways = (Way((Literal(piece.text, piece.offsets),)),)
                if piece.number is not None:
                    groups = groups_digits(piece.text)
                    value = tuple(grouped(one) if groups else one for one in inside[piece.number + 1])
                built = join(built, value)
            found += built
            if len(found) >= MOST_WAYS:
                break
        return distinct(found)

    def _key(self, node: Node, names: Names) -> str:
        """A condition as text: two that are the same come to the same on one way."""
        match node:
            case Leaf() if node.token.kind == "name" and (bound := names.find(node.token.text)):
                parts: tuple[Part, ...] = bound.ways[0].parts if len(bound.ways) == 1 else ()
                if len(parts) == 1:
                    return parts[0].name if isinstance(parts[0], Hole) else repr(parts[0].text)
                return f"{node.token.text}#{bound.serial}"
            case Binary() if node.operator != "+":
                return f"({self._key(node.left, names)} {node.operator} {self._key(node.right, names)})"
            case Call():
                inner = ",".join(self._key(argument, names) for _, argument in node.arguments)
                return f"{node.name}({inner})"
        return self._said(node)

    def _kind_inside(self, node: Opaque) -> str:
        first = node.inside[0] if node.inside else None
        if isinstance(first, Leaf) and self.source[node.at : node.at + 1] not in "[-+n":
            return NAMES.get(first.token.text, "unknown")
        return "unknown"

    def _hole(self, node: Node, kind: str) -> Ways:
        return (Way((Hole(self._said(node), kind, node.at, node.end - node.at),)),)

    def _said(self, node: Node) -> str:
        return " ".join(self.source[node.at : node.end].split())


def syntax_fault(node: Broken) -> Fault:
    """What is wrong with an expression that Pine would not read."""
    return Fault(node.stop, 1, "pine_syntax", f"{node.said} here: Pine does not read this")


def _kind(ways: Ways) -> str:
    """What a value holds, when it is one hole and nothing else."""
    parts = ways[0].parts if len(ways) == 1 else ()
    return parts[0].kind if len(parts) == 1 and isinstance(parts[0], Hole) else "unknown"


def _known(ways: Ways) -> bool | None:
    """What a condition comes to, when it is the same on every way."""
    found = {way.literal for way in ways}
    return {TRUE: True, FALSE: False}.get(str(found.pop())) if len(found) == 1 else None


def _is_figure(way: Way) -> bool:
    """Whether it is a number as written; a text that looks like one has no sign."""
    return not way.words and is_number(way.literal or "")


def _negated(parts: tuple[Part, ...], at: int) -> tuple[Part, ...]:
    """A number as written with the other sign; ``at`` is where its ``-`` stands."""
    first = parts[0]
    if isinstance(first, Literal) and first.text.startswith("-"):
        rest = Literal(first.text[1:], first.offsets[1:])
        return (rest, *parts[1:]) if rest.text else parts[1:]
    return (Literal("-", (at,)), *parts)


def _same(one: str, other: str) -> bool:
    """Whether two values are equal, as numbers where they are."""
    return Decimal(one) == Decimal(other) if is_number(one) and is_number(other) else one == other


def _flag(value: bool, node: Node) -> Ways:
    text = TRUE if value else FALSE
    return (Way((Literal(text, (node.at,) * len(text)),)),)


def _changed(way: Way, name: str) -> Way:
    change: Mapping[str, Callable[[str], str]] = {"str.upper": str.upper, "str.lower": str.lower}
    if name not in change or way.literal is None:
        return way
    parts = [part for part in way.parts if isinstance(part, Literal)]
    return attrs.evolve(way, parts=tuple(Literal(change[name](p.text), p.offsets) for p in parts))
