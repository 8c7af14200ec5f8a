"""In which line of a settings file a key stands, so that a fault can name it."""

import json
import re
from collections.abc import Iterator

Path = tuple[str, ...]
_PART = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*(\.|=|\]|$)""")
_JSON = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def toml_lines(text: str) -> dict[Path, int]:
    """Line numbers (from 1) of tables and keys; keys inside inline tables have their table's line."""
    found: dict[Path, int] = {}
    table: Path = ()
    fence = ""
    for number, line in enumerate(text.split("\n"), 1):
        if fence:
            if fence in line:
                fence = ""
            continue
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if stripped.startswith("["):
            table = _dotted(stripped.lstrip("["))
            found.setdefault(table, number)
            continue
        key = _dotted(stripped) if "=" in stripped else ()
        if key:
            for length in range(1, len(key) + 1):
                found.setdefault((*table, *key[:length]), number)
        for mark in ('"""', "'''"):
            if stripped.count(mark) % 2:
                fence = mark
    return found


def _dotted(text: str) -> Path:
    parts: list[str] = []
    at = 0
    while True:
        match = _PART.match(text, at)
        if match is None:
            return ()
        quoted, literal, bare, after = match.groups()
        parts.append(quoted if quoted is not None else literal if literal is not None else bare)
        if after != ".":
            return tuple(parts)
        at = match.end()


def json_lines(text: str) -> dict[Path, int]:
    """Line numbers (from 1) of the keys of a JSON text that parses."""
    found: dict[Path, int] = {}
    stack: list[tuple[str, Path]] = []
    key: str | None = None
    pieces = list(_pieces(text))
    for index, (piece, number) in enumerate(pieces):
        here = stack[-1][1] if stack else ()
        if piece in "{[":
            stack.append((piece, (*here, key) if key is not None else here))
            key = None
        elif piece in "}]":
            stack.pop()
            key = None
        elif piece == ",":
            key = None
        elif piece.startswith('"') and pieces[index + 1 : index + 2] and pieces[index + 1][0] == ":":
            key = str(json.loads(piece))
            found.setdefault((*here, key), number)
    return found


def _pieces(text: str) -> Iterator[tuple[str, int]]:
    number, last = 1, 0
    for match in _JSON.finditer(text):
        number += text.count("\n", last, match.start())
        last = match.start()
        yield match.group(), number


def line_of(lines: dict[Path, int], path: Path) -> int | None:
    """The line of a key, else of the nearest table around it."""
    for length in range(len(path), 0, -1):
        number = lines.get(path[:length])
        if number is not None:
            return number
    return None
