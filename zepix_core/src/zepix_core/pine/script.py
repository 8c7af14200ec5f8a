"""Pine script as tokens and logical lines: strings, comments, brackets and continued lines told apart."""

import bisect
import re

import attrs

_TOKEN = re.compile(
    r"""
    (?P<comment>//[^\n]*)
  | (?P<newline>\r\n|\n|\r)
  | (?P<blank>[ \t\f\ufeff]+)
  | (?P<text>"(?:[^"\\\n\r]|\\.)*"?|'(?:[^'\\\n\r]|\\.)*'?)
  | (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
  | (?P<color>\#[0-9A-Fa-f]{6,8})
  | (?P<op>=>|:=|\+=|-=|\*=|/=|%=|==|!=|<=|>=|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_OPENS, _CLOSES = frozenset("([{"), frozenset(")]}")
_JOINS = frozenset(
    {"+", "-", "*", "/", "%", "?", ":", ",", "==", "!=", "<", ">", "<=", ">=", "and", "or", "not"}
)
_JOINS_AT_END = _JOINS | {"=", ":=", "+="}
_JOINS_AT_START = _JOINS - {"not", "-", "<", ","}
TAB = 4
MOST_DEPTH = 20
_MOST_CUTS = 50


@attrs.frozen
class Token:
    """One word of a script.

    Attributes:
        kind: ``text``, ``number``, ``name``, ``color`` or ``op``.
        text: As written.
        at: Offset of the first character.
        first: It is the first of its line.
    """

    kind: str
    text: str
    at: int
    first: bool = False

    @property
    def end(self) -> int:
        """Offset behind the last character."""
        return self.at + len(self.text)

    @property
    def closed(self) -> bool:
        """Of a text: its second quote is there."""
        return len(self.text) >= 2 and self.text[-1] == self.text[0]


@attrs.frozen
class Line:
    """One statement's first line with what continues it, and the indented lines below it.

    Attributes:
        indent: Blanks before it, a tab counting four.
    """

    indent: int
    tokens: tuple[Token, ...]
    body: tuple["Line", ...] = ()


@attrs.frozen
class Script:
    """A script read into lines."""

    source: str
    lines: tuple[Line, ...]
    unclosed: tuple[Token, ...] = ()


class Places:
    """Line and column of offsets, both counted from 1."""

    def __init__(self, source: str) -> None:
        self.starts = [0, *(found.end() for found in re.finditer(r"\r\n|\n|\r", source))]

    def place(self, at: int) -> tuple[int, int]:
        """Line and column of an offset."""
        line = bisect.bisect_right(self.starts, at)
        return line, at - self.starts[line - 1] + 1


def read_script(source: str) -> Script:
    """Read a script; never raises, whatever the text is."""
    flat = [line for line in _logical(_physical(source)) if line.tokens]
    texts = [token for line in flat for token in line.tokens if token.kind == "text" and not token.closed]
    return Script(source, _nest(flat), tuple(texts))


def text_value(token: Token) -> tuple[str, tuple[int, ...]]:
    """What a text in quotes holds, and the offset in the script of each of its characters."""
    inside = token.text[1:-1] if token.closed else token.text[1:]
    characters, offsets, at = [], [], 0
    while at < len(inside):
        escaped = inside[at] == "\\" and at + 1 < len(inside)
        offsets.append(token.at + 1 + at)
        characters.append(_ESCAPES.get(inside[at + 1], inside[at + 1]) if escaped else inside[at])
        at += 2 if escaped else 1
    return "".join(characters), tuple(offsets)


def _physical(source: str) -> list[Line]:
    """The lines as written, without comments and blanks."""
    lines, tokens, indent, fresh = [], list[Token](), 0, True
    for found in _TOKEN.finditer(source):
        kind = found.lastgroup or "op"
        if kind == "newline":
            lines.append(Line(indent, tuple(tokens)))
            tokens, indent, fresh = [], 0, True
        elif kind == "blank":
            indent = len(found[0].expandtabs(TAB)) if fresh else indent
            fresh = False
        elif kind != "comment":
            tokens.append(Token(kind, found[0], found.start(), first=not tokens))
            fresh = False
    return [*lines, Line(indent, tuple(tokens))]


def _logical(lines: list[Line]) -> list[Line]:
    """Lines with those that continue them: inside brackets, after or before an operator, or indented by
    anything but whole steps of four. A bracket that is never closed ends with its statement."""
    lines = [line for line in lines if line.tokens]
    joined: list[Line] = []
    at, cuts = 0, 0
    while at < len(lines):
        end, is_open = _statement_end(lines, at)
        if is_open and cuts < _MOST_CUTS:
            cuts += 1
            end = next((n for n in range(at + 1, end) if _begins(lines[at], lines[n - 1], lines[n])), end)
        joined.append(Line(lines[at].indent, tuple(token for line in lines[at:end] for token in line.tokens)))
        at = end
    return joined


def _statement_end(lines: list[Line], at: int) -> tuple[int, bool]:
    """Behind the last line of the statement that begins there, and whether a bracket is open at its end."""
    depth, end = 0, at
    while end < len(lines) and (
        end == at or depth > 0 or _continues(Line(lines[at].indent, lines[end - 1].tokens), lines[end])
    ):
        for token in lines[end].tokens:
            if token.kind == "op":
                depth = max(depth + (token.text in _OPENS) - (token.text in _CLOSES), 0)
        end += 1
    return end, depth > 0


def _begins(start: Line, before: Line, line: Line) -> bool:
    """Whether a line may begin a statement behind one whose bracket is never closed."""
    closes = line.tokens[0].kind == "op" and line.tokens[0].text in _CLOSES
    return (
        line.indent <= start.indent and not closes and not _continues(Line(start.indent, before.tokens), line)
    )


def _continues(before: Line, line: Line) -> bool:
    last, first = before.tokens[-1], line.tokens[0]
    if line.indent > before.indent and line.indent % TAB:
        return True
    return (last.kind in ("op", "name") and last.text in _JOINS_AT_END and last.text != "not") or (
        first.kind in ("op", "name") and first.text in _JOINS_AT_START
    )


def _nest(flat: list[Line], depth: int = 0) -> tuple[Line, ...]:
    """Lines under those they are indented below; deeper than anybody writes, all stand side by side."""
    if depth > MOST_DEPTH:
        return tuple(flat)
    nested, at = [], 0
    while at < len(flat):
        end = at + 1
        while end < len(flat) and flat[end].indent > flat[at].indent:
            end += 1
        nested.append(attrs.evolve(flat[at], body=_nest(flat[at + 1 : end], depth + 1)))
        at = end
    return tuple(nested)
