"""The reference pages of facts: settings, commands, database tables."""

import importlib
import sqlite3
import tempfile
import types
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import attrs
import click
from docstrings import row

from zepix_bracket.config import BracketConfig
from zepix_core.broker.paper import store
from zepix_core.cli.tree import TREE, Branch
from zepix_core.clock import SystemClock
from zepix_core.config.render import toml_value
from zepix_core.config.settings import HostSettings
from zepix_core.config.structure import to_plain
from zepix_core.plugin import PluginConfig
from zepix_core.storage.connection import Durability, open_writer
from zepix_core.storage.journal_schema import TABLES
from zepix_core.storage.plugin_database import migrate_plugin_file
from zepix_plugins_v3.config import V3Config
from zepix_plugins_v6.profiles import PROFILES

MODELS: dict[str, type[PluginConfig]] = {
    "combined_v3": V3Config,
    **{profile.id: profile.config for profile in PROFILES},
    "bracket": BracketConfig,
}
LONGEST = 160
SHIPPED = "shipped table"
SIGNS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
HEAD = ("| key | default | range | meaning |", "|---|---|---|---|")


def settings_page(texts: Mapping[str, Any]) -> str:
    """Every key of the host's file."""
    return "\n".join(["# Settings of the host", "", texts["intro"].strip(), "", *_table(HostSettings)]) + "\n"


def plugin_settings_page(texts: Mapping[str, Any]) -> str:
    """Every key of the plugins' files; what all have stands once."""
    lines = ["# Settings of the plugins", "", texts["intro"].strip(), ""]
    lines += ["## Every plugin", "", texts["common"], "", *_table(PluginConfig)]
    for name, model in MODELS.items():
        lines += ["", f"## {name}", "", texts[name], "", *_table(model, skip=PluginConfig)]
    return "\n".join(lines) + "\n"


def _table(model: type[Any], skip: type[Any] | None = None) -> Iterator[str]:
    yield from HEAD
    known = {(key, default) for key, default, _, _ in _rows(skip)} if skip else set()
    for key, default, bounds, doc in _rows(model):
        if (key, default) not in known:
            yield row(f"`{key}`", default, bounds, doc)


def _rows(model: type[Any], above: str = "", value: Any = None) -> Iterator[tuple[str, str, str, str]]:
    value = value if value is not None or above else _made(model)
    hints = typing.get_type_hints(model)
    for field in attrs.fields(model):
        key = f"{above}{field.name}"
        mine = getattr(value, field.name) if value is not None else _default(field)
        kind = _mapped(hints[field.name])
        if attrs.has(type(mine)):
            yield from _rows(type(mine), f"{key}.", mine)
            continue
        yield key, _shown(mine), _range(field), _escaped(field.metadata.get("doc", "").rstrip("."))
        if kind is not None:
            yield from _rows(kind, f"{key}.<NAME>.")


def _made(model: type[Any]) -> Any:
    try:
        return model()
    except TypeError:
        return None


def _default(field: "attrs.Attribute[Any]") -> Any:
    default: Any = field.default
    return default.factory() if isinstance(default, attrs.Factory) else default  # type: ignore[arg-type]


def _mapped(kind: Any) -> type[Any] | None:
    """The model of a mapping's values, ``None`` for anything else."""
    arguments = typing.get_args(kind)
    if len(arguments) != 2 or typing.get_origin(kind) in (typing.Union, types.UnionType):
        return None
    return arguments[1] if attrs.has(arguments[1]) else _mapped(arguments[1])


def _shown(value: Any) -> str:
    if value is attrs.NOTHING:
        return "required"
    if value is None:
        return "none"
    text = toml_value(to_plain(value.value if isinstance(value, Enum) else value))
    return f"`{text}`" if len(text) <= LONGEST else SHIPPED


def _range(field: "attrs.Attribute[Any]") -> str:
    if choices := field.metadata.get("choices"):
        return ", ".join(f"`{choice}`" for choice in choices)
    bounds = field.metadata.get("bounds", {})
    return ", ".join(f"{SIGNS[name]} {bound}" for name, bound in bounds.items())


def commands_page(texts: Mapping[str, Any]) -> str:
    """Every command with its arguments and options."""
    parts = ["# Commands", texts["intro"].strip()]
    for path, command in commands():
        parts.append(f"### zepix {path}")
        with click.Context(command, info_name=f"zepix {path}") as context:
            parts.append(f"`{' '.join(command.get_usage(context).split()[1:])}`")
            parts.append(" ".join((command.help or "").split()))
            options = [p for p in command.get_params(context) if isinstance(p, click.Option)]
            rows = [_option(context, option) for option in options if "--help" not in option.opts]
        parts.append("\n".join(["| option | meaning |", "|---|---|", *rows]))
    return "\n\n".join(part for part in parts if part) + "\n"


def commands(branch: Branch = TREE, above: str = "") -> Iterator[tuple[str, click.Command]]:
    """Path and command of every leaf of the tree."""
    for name, entry in branch.items():
        path = f"{above} {name}".strip()
        if isinstance(entry, str):
            yield path, importlib.import_module(f"zepix_core.cli.{path.replace(' ', '.')}").command
        else:
            yield from commands(entry[1], path)


def _option(context: click.Context, option: click.Option) -> str:
    names, told = option.get_help_record(context) or (", ".join(option.opts), "")
    return row(f"`{names}`", _escaped(told))


def _escaped(text: str) -> str:
    """Text in which nothing is taken for a link or a tag."""
    return " ".join(text.split()).replace("[", "\\[").replace("<", "&lt;")


def database_page(texts: Mapping[str, Any]) -> str:
    """Every table of every file, with its columns."""
    lines = ["# Database tables", "", texts["intro"].strip()]
    seen: set[str] = set()
    for name, tables in _files().items():
        lines += ["", f"## {name}", "", texts["files"][name]]
        told = texts["tables"]["plugin" if name.startswith("zepix_") else name.removesuffix(".db")]
        for table, columns in tables.items():
            if name.startswith("zepix_") and table in seen:
                continue
            if name.startswith("zepix_"):
                seen.add(table)
            lines += ["", f"### {name}: {table}", "", told[table], ""]
            lines += ["| column | type | default |", "|---|---|---|", *columns]
    return "\n".join(lines) + "\n"


def _files() -> dict[str, dict[str, list[str]]]:
    """File to table to rows of columns, read from files that were made as the host makes them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        journal = open_writer(path / "journal.db", Durability.FULL)
        journal.executescript(TABLES)
        journal.close()
        paper = open_writer(path / "paper.db", Durability.FULL)
        store.create(paper)
        paper.close()
        migrate_plugin_file(path / "zepix_bracket.db", "", SystemClock())
        migrate_plugin_file(path / "zepix_combined_v3.db", "zepix_plugins_v3.migrations", SystemClock())
        migrate_plugin_file(path / "zepix_price_action.db", "zepix_plugins_v6.migrations", SystemClock())
        return {file.name: _tables(file) for file in sorted(path.glob("*.db"))}


def _tables(file: Path) -> dict[str, list[str]]:
    connection = sqlite3.connect(file)
    try:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")
        return {
            name: [
                f"| `{column}` | {kind.lower()}{' key' if key else ''} | {_column_default(needed, default)} |"
                for _, column, kind, needed, default, key in connection.execute(
                    "SELECT * FROM pragma_table_info(?)", (name,)
                )
            ]
            for (name,) in names
            if not name.startswith("sqlite_")
        }
    finally:
        connection.close()


def _column_default(needed: int, default: str | None) -> str:
    if default is not None:
        return f"`{default}`"
    return "required" if needed else "none"
