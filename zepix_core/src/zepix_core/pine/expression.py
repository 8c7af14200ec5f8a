"""Pine expressions as a tree: enough of the grammar to follow how a message is put together."""

from collections.abc import Sequence

import attrs

from zepix_core.pine.script import Token

_LEVELS = (
    frozenset({"or"}),
    frozenset({"and"}),
    frozenset({"==", "!="}),
    frozenset({"<", ">", "<=", ">="}),
    frozenset({"+", "-"}),
    frozenset({"*", "/", "%"}),
)
_GENERIC = frozenset({"array.new", "matrix.new", "map.new"})
_MOST_DEPTH = 30
_MOST_SIDES = 30


@attrs.frozen(kw_only=True)
class Node:
    """A part of an expression; ``at`` and ``end`` are its offsets in the script."""

    at: int
    end: int


@attrs.frozen(kw_only=True)
class Leaf(Node):
    """A text, number, name or color as written."""

    token: Token


@attrs.frozen(kw_only=True)
class Call(Node):
    """A call; ``arguments`` are pairs of the argument's name (``""`` for a place) and its expression."""

    name: str
    arguments: tuple[tuple[str, Node], ...]

    def argument(self, name: str, place: int | None = None) -> Node | None:
        """The argument by its name, else by its place."""
        named = next((node for key, node in self.arguments if key == name), None)
        if named is not None or place is None or place >= len(self.arguments):
            return named
        key, node = self.arguments[place]
        return node if not key else None


@attrs.frozen(kw_only=True)
class Binary(Node):
    """Two sides and the operator between them."""

    operator: str
    left: Node
    right: Node


@attrs.frozen(kw_only=True)
class Choice(Node):
    """``condition ? yes : no``."""

    condition: Node
    yes: Node
    no: Node


@attrs.frozen(kw_only=True)
class Opaque(Node):
    """Something that is not followed; ``inside`` are the expressions in it."""

    inside: tuple[Node, ...] = ()


@attrs.frozen(kw_only=True)
class Broken(Opaque):
    """Something that Pine would not read; ``stop`` is the offset where it goes wrong."""

    stop: int
    said: str


class _Stop(Exception):
    """The tokens are no expression; ``said`` is what is missing."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


class _Deep(Exception):
    """It may be an expression, but is longer or deeper than any message."""


class _Parser:
    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens, self.at, self.depth = tokens, 0, 0

    def peek(self) -> str:
        token = self.tokens[self.at] if self.at < len(self.tokens) else None
        return token.text if token is not None and token.kind in ("op", "name") else ""

    def take(self, text: str = "") -> Token:
        if self.at >= len(self.tokens) or (text and self.tokens[self.at].text != text):
            raise _Stop(f"a {text or 'value'} is missing")
        self.at += 1
        return self.tokens[self.at - 1]

    def expression(self) -> Node:
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise _Deep
        condition = self.binary(0)
        if self.peek() == "?":
            self.take()
            yes = self.expression()
            self.take(":")
            no = self.expression()
            condition = Choice(at=condition.at, end=no.end, condition=condition, yes=yes, no=no)
        self.depth -= 1
        return condition

    def binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self.unary()
        left, sides = self.binary(level + 1), 0
        while self.peek() in _LEVELS[level]:
            operator = self.take().text
            # Texts are joined without end; anything else that long is not a message.
            sides += operator != "+"
            if sides > _MOST_SIDES:
                raise _Deep
            right = self.binary(level + 1)
            left = Binary(at=left.at, end=right.end, operator=operator, left=left, right=right)
        return left

    def unary(self) -> Node:
        if self.peek() in ("-", "+", "not"):
            sign = self.take()
            self.depth += 1
            if self.depth > _MOST_DEPTH:
                raise _Deep
            inner = self.unary()
            self.depth -= 1
            return Opaque(at=sign.at, end=inner.end, inside=(inner,))
        return self.postfix(self.primary())

    def primary(self) -> Node:
        if self.peek() and self.peek() not in ("(", "[") and self.tokens[self.at].kind == "op":
            raise _Stop("a value is missing")
        token = self.take()
        if token.text == "(" and token.kind == "op":
            inner = self.expression()
            self.close(")")
            return inner
        if token.text == "[" and token.kind == "op":
            items = self.items("]")
            end = self.tokens[self.at - 1].end
            return Opaque(at=token.at, end=end, inside=tuple(node for _, node in items))
        return Leaf(at=token.at, end=token.end, token=token)

    def postfix(self, node: Node) -> Node:
        while self.peek() in ("(", "[", ".", "<"):
            if self.peek() == "<" and not self.types(node):
                break
            if self.peek() == ".":
                self.take()
                end = self.take().end
                node = Opaque(at=node.at, end=end, inside=(node,))
                continue
            opened = self.take().text
            items = self.items(")" if opened == "(" else "]")
            end = self.tokens[self.at - 1].end
            if opened == "(" and isinstance(node, Leaf) and node.token.kind == "name":
                node = Call(at=node.at, end=end, name=node.token.text, arguments=tuple(items))
            else:
                node = Opaque(at=node.at, end=end, inside=(node, *(item for _, item in items)))
        return node

    def types(self, node: Node) -> bool:
        """Skip the types of ``array.new<string>(…)``."""
        at = self.at
        if not isinstance(node, Leaf) or node.token.text not in _GENERIC:
            return False
        while at < len(self.tokens) and (
            self.tokens[at].kind == "name" or self.tokens[at].text in ("<", ">", ",")
        ):
            at += 1
        if at >= len(self.tokens) or self.tokens[at].text != "(" or self.tokens[at - 1].text != ">":
            return False
        self.at = at
        return True

    def close(self, closes: str) -> None:
        """Take a closing bracket."""
        if self.peek() != closes:
            raise _Stop(f"a + or a {closes} is missing")
        self.take()

    def items(self, closes: str) -> list[tuple[str, Node]]:
        found: list[tuple[str, Node]] = []
        while self.peek() != closes:
            name = ""
            if self.at + 1 < len(self.tokens) and self.tokens[self.at + 1].text == "=":
                name = self.take().text
                self.take("=")
            found.append((name, self.expression()))
            if self.peek() != closes and self.peek() != ",":
                raise _Stop(f"a +, a comma or a {closes} is missing")
            if self.peek() != closes:
                self.take(",")
        self.take(closes)
        return found


def parse_expression(tokens: Sequence[Token]) -> Node:
    """The tree of an expression; of what is none, a `Broken` node, and of what is too deep an `Opaque` one.
    Never raises. ``tokens`` is not empty."""
    parser, at, end = _Parser(tokens), tokens[0].at, tokens[-1].end
    try:
        node = parser.expression()
    except _Stop as stop:
        return Broken(at=at, end=end, stop=_place(tokens, parser.at), said=stop.said)
    except _Deep:
        return Opaque(at=at, end=end)
    if parser.at < len(tokens):
        said, stop_at = "a + is missing", _place(tokens, parser.at)
        return Broken(at=node.at, end=end, inside=(node,), stop=stop_at, said=said)
    return node


def _place(tokens: Sequence[Token], number: int) -> int:
    """Where something is missing: before the token that comes too early, or at the end of the line before."""
    if number == 0:
        return tokens[0].at
    before = tokens[number - 1]
    return tokens[number].at if number < len(tokens) and not tokens[number].first else before.end
