"""Codes in the source: texts that calls are given, that functions hold, that files hold."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path


def calls(file: Path, name: str, place: int | str) -> set[str]:
    """Texts that calls of ``name`` are given at a place or keyword, through a variable of the function."""
    found: set[str] = set()
    for scope in _scopes(file):
        for node in ast.walk(scope):
            if not isinstance(node, ast.Call) or _name(node.func) != name:
                continue
            value = _argument(node, place)
            if value is not None:
                found |= _texts(value, scope)
    return {text for text in found if text}


def constants(file: Path, function: str, shape: re.Pattern[str]) -> set[str]:
    """Texts of that shape in a function."""
    (scope,) = (scope for scope in _scopes(file) if getattr(scope, "name", "") == function)
    docs = {ast.get_docstring(scope, clean=False)} if isinstance(scope, ast.FunctionDef) else set()
    return {text for text in _all_texts(scope) if text not in docs and shape.fullmatch(text)}


def strings_in(files: Iterable[Path], shape: re.Pattern[str]) -> set[str]:
    """Texts of that shape in files."""
    return {text for file in files for text in _all_texts(_tree(file)) if shape.fullmatch(text)}


def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))


def _scopes(file: Path) -> Iterator[ast.AST]:
    """Functions, and the module for what stands outside of them."""
    tree = _tree(file)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    yield from functions
    yield ast.Module(
        body=[node for node in tree.body if not isinstance(node, ast.FunctionDef | ast.ClassDef)],
        type_ignores=[],
    )


def _all_texts(node: ast.AST) -> set[str]:
    return {
        inner.value
        for inner in ast.walk(node)
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str)
    }


def _name(function: ast.expr) -> str:
    return getattr(function, "attr", "") or getattr(function, "id", "")


def _argument(call: ast.Call, place: int | str) -> ast.expr | None:
    if isinstance(place, str):
        return next((word.value for word in call.keywords if word.arg == place), None)
    return call.args[place] if len(call.args) > place else None


def _texts(value: ast.expr, scope: ast.AST) -> set[str]:
    if isinstance(value, ast.Constant):
        return {value.value} if isinstance(value.value, str) else set()
    if not isinstance(value, ast.Name):
        return set()
    given = (node for node in ast.walk(scope) if isinstance(node, ast.Assign))
    return {text for node in given if value.id in _targets(node) for text in _chosen(node.value)}


def _targets(node: ast.Assign) -> set[str]:
    return {inner.id for target in node.targets for inner in ast.walk(target) if isinstance(inner, ast.Name)}


def _chosen(value: ast.expr) -> set[str]:
    """Texts a name may get; of ``kind, priority = "a", 1`` the first, of a choice both."""
    if isinstance(value, ast.Tuple):
        value = value.elts[0]
    if isinstance(value, ast.IfExp):
        return _chosen(value.body) | _chosen(value.orelse)
    if isinstance(value, ast.Call):
        return {text for argument in value.args[1:] for text in _all_texts(argument)}
    return {value.value} if isinstance(value, ast.Constant) and isinstance(value.value, str) else set()
