"""One settings file as plain data, with the line of each key and its placeholders filled in."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from zepix_core.config.lines import json_lines, line_of, toml_lines
from zepix_core.config.secrets import Secret
from zepix_core.errors import SettingsError

_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")


@attrs.frozen
class Document:
    """A parsed settings file.

    Attributes:
        name: How the file is named in faults, such as ``plugins/combined_v3.toml``.
        data: Its values, placeholders filled in.
        raw: Its values as written.
        lines: Line number by path of keys.
        faults: What is wrong with the text itself, and placeholders without a value.
        unfilled: Paths of those placeholders; their values mean nothing.
    """

    name: str
    data: dict[str, Any] = attrs.field(factory=dict)
    raw: dict[str, Any] = attrs.field(factory=dict)
    lines: dict[tuple[str, ...], int] = attrs.field(factory=dict)
    faults: tuple[str, ...] = ()
    unfilled: frozenset[tuple[str, ...]] = frozenset()

    def at(self, path: tuple[str, ...], message: str) -> str:
        """One fault as people read it: file, line, key, what is wrong."""
        return fault_text(self.name, self.lines, path, message)


def fault_text(name: str, lines: dict[tuple[str, ...], int], path: tuple[str, ...], message: str) -> str:
    """``file:line: key: message``."""
    number = line_of(lines, path)
    place = f"{name}:{number}" if number else name
    return f"{place}: {'.'.join(path)}: {message}" if path else f"{place}: {message}"


def read_document(path: Path, name: str, variables: Mapping[str, Secret]) -> Document:
    """Read a TOML or JSON file; a missing file is an empty one.

    Raises:
        SettingsError: The file is there but cannot be read.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return Document(name)
    except UnicodeDecodeError as error:
        return Document(name, faults=(f"{name}: not UTF-8 text ({error.reason} at byte {error.start})",))
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read: {error.strerror or error}.", "Check its owner and mode."
        ) from error
    return parse_document(text, name, path.suffix == ".json", variables)


def parse_document(text: str, name: str, is_json: bool, variables: Mapping[str, Secret]) -> Document:
    """Parse the text of a settings file (see `Document`)."""
    faults: list[str] = []
    try:
        raw = _read_json(text, name, faults) if is_json else tomllib.loads(text)
    except json.JSONDecodeError as error:
        return Document(name, faults=(f"{name}:{error.lineno}: {error.msg} (column {error.colno})",))
    except tomllib.TOMLDecodeError as error:
        return Document(name, faults=(_toml_fault(name, str(error)),))
    except RecursionError:
        return Document(name, faults=(f"{name}: nested too deeply",))
    if not isinstance(raw, dict):
        return Document(name, faults=(f"{name}:1: the file must hold an object of settings",))
    lines = json_lines(text) if is_json else toml_lines(text)

    unfilled: list[tuple[str, ...]] = []

    def say(path: tuple[str, ...], message: str) -> None:
        unfilled.append(path)
        faults.append(fault_text(name, lines, path, message))

    data = {key: _filled(value, (key,), variables, say) for key, value in raw.items()}
    return Document(name, data, raw, lines, tuple(faults), frozenset(unfilled))


def _toml_fault(name: str, message: str) -> str:
    match = re.search(r"\s*\(at line (\d+), column (\d+)\)$", message)
    if match is None:
        return f"{name}: {message}"
    return f"{name}:{match[1]}: {message[: match.start()]} (column {match[2]})"


def _read_json(text: str, name: str, faults: list[str]) -> Any:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(items)
        if len(value) != len(items):
            seen: set[str] = set()
            for key, _ in items:
                if key in seen:
                    faults.append(f"{name}: {key}: stands twice")
                seen.add(key)
        return value

    return json.loads(text, object_pairs_hook=pairs)


def _filled(value: Any, path: tuple[str, ...], variables: Mapping[str, Secret], say: Any) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, (*path, key), variables, say) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, path, variables, say) for item in value]
    if not isinstance(value, str) or "${" not in value:
        return value

    def fill(match: re.Match[str]) -> str:
        secret = variables.get(match[1])
        if secret is None:
            say(path, f"${{{match[1]}}} has no value; set {match[1]} in the environment or in .env")
            return ""
        return secret.reveal()

    return _PLACEHOLDER.sub(fill, value)
