"""Docstrings of the code as Markdown."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from typing import Any

import attrs

SECTIONS = {
    "Args:": "Arguments",
    "Attributes:": "Fields",
    "Returns:": "Returns",
    "Raises:": "Raises",
}
_SHEET = re.compile(r"\s*\((?:\w+\.md [\d.a-z]+(?:, )?|telegram\.md|``\w+``, )+\)")
_CODE_OF = re.compile(r"a code of \w+\.md [\d.]+")
_PART_OF = re.compile(r" \([^()]*\w+\.md [\d.]+[^()]*\)")
_BARRED = re.compile(r"`([^`]*\|[^`]*)`")
_ENTRY = re.compile(r"([\w, ]+): (.*)", re.DOTALL)


def markdown(thing: Any) -> str:
    """The docstring of a class or function, its sections as lists."""
    text = inspect.cleandoc(inspect.getdoc(thing) or "")
    return "\n\n".join(part for part in _parts(_plain(text)) if part)


def summary(thing: Any) -> str:
    """The first paragraph, on one line."""
    text = _plain(inspect.cleandoc(inspect.getdoc(thing) or ""))
    return " ".join(text.split("\n\n")[0].split())


def _plain(text: str) -> str:
    text = _CODE_OF.sub("an outcome code", text)
    text = _PART_OF.sub("", _SHEET.sub("", text))
    return text.replace("``", "`")


def _parts(text: str) -> list[str]:
    found: list[str] = []
    body: list[str] = []
    title = ""
    for line in [*text.splitlines(), "End:"]:
        if line in SECTIONS or line == "End:":
            found.append(_section(title, body))
            title, body = SECTIONS.get(line, ""), []
        elif line.startswith("Args: "):
            body.append("Arguments " + line.removeprefix("Args: "))
        else:
            body.append(line)
    return found


def _section(title: str, body: list[str]) -> str:
    text = textwrap.dedent("\n".join(body)).strip()
    if not title or not text:
        return text
    entries = [" ".join(entry.split()) for entry in re.split(r"\n(?=\S)", text)]
    listed = [_ENTRY.fullmatch(entry) for entry in entries]
    if title == "Returns" or not all(listed):
        return f"{title}: {' '.join(text.split())}"
    lines = [f"* {_names(match[1])}: {match[2]}" for match in listed if match]
    return "\n".join([f"{title}:", "", *lines])


def _names(text: str) -> str:
    return ", ".join(f"`{name.strip()}`" for name in text.split(","))


def signature(function: Callable[..., Any], name: str = "") -> str:
    """``async def name(argument: type = default, …) -> result: ...``, without ``self``."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    if not isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef):
        raise TypeError(f"{function} is no function")
    tree.decorator_list = []
    tree.name = name or tree.name
    tree.args.args = [argument for argument in tree.args.args if argument.arg != "self"]
    tree.body = [ast.Expr(ast.Constant(...))]
    ast.fix_missing_locations(tree)
    line = ast.unparse(_Plain(function.__globals__).visit(tree)).replace("\n    ...", " ...")
    return line if len(line) <= 100 else _broken(tree)


def _broken(tree: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """One argument a line."""
    head = "async def" if isinstance(tree, ast.AsyncFunctionDef) else "def"
    arguments = tree.args
    defaults: list[ast.expr | None] = [None] * (len(arguments.args) - len(arguments.defaults))
    defaults += arguments.defaults
    lines = [_argument(*pair) for pair in zip(arguments.args, defaults, strict=True)]
    if arguments.kwonlyargs:
        lines.append("*")
        lines += [_argument(*pair) for pair in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    result = f" -> {ast.unparse(tree.returns)}" if tree.returns else ""
    body = "".join(f"    {line},\n" for line in lines)
    return f"{head} {tree.name}(\n{body}){result}: ..."


def _argument(argument: ast.arg, default: ast.expr | None) -> str:
    return ast.unparse(argument) + (f" = {ast.unparse(default)}" if default is not None else "")


class _Plain(ast.NodeTransformer):
    """Quoted types without quotes, constants by their value."""

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names

    def visit_arguments(self, node: ast.arguments) -> ast.arguments:
        self.generic_visit(node)
        node.defaults = [self._value(default) for default in node.defaults]
        node.kw_defaults = [default and self._value(default) for default in node.kw_defaults]
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        if isinstance(node.annotation, ast.Constant):
            node.annotation = ast.Name(str(node.annotation.value))
        return node

    def _value(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Name) and node.id in self._names:
            return ast.parse(repr(self._names[node.id]), mode="eval").body
        return node


def row(*cells: str) -> str:
    """A row of a table; a bar inside a cell is written so that GitHub and the site both show it."""
    return "| " + " | ".join(_BARRED.sub(_as_html, cell).replace("|", "&#124;") for cell in cells) + " |"


def _as_html(code: re.Match[str]) -> str:
    return f"<code>{code[1].replace('<', '&lt;').replace('|', '&#124;')}</code>"


def value_section(kind: type[Any], level: str = "###") -> str:
    """A frozen value: what it is, and a row for each field."""
    source = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    types = {
        node.target.id: ast.unparse(node.annotation)
        for node in ast.walk(source)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    rows = []
    for field in attrs.fields(kind):
        rows.append(row(f"`{field.name}`", f"`{types[field.name]}`", _default(field.default)))
    table = ["| field | type | default |", "|---|---|---|", *rows]
    return "\n".join([f"{level} {kind.__name__}", "", markdown(kind), "", *table])


def _default(value: Any) -> str:
    if value is attrs.NOTHING:
        return "required"
    if isinstance(value, attrs.Factory):  # type: ignore[arg-type]
        value = value.factory()
    return f"`{getattr(value, 'value', value)!r}`"
