"""The plugins' own settings files, ``plugins/<id>.toml``."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from zepix_core.config.atomic import write_atomic
from zepix_core.config.document import Document, read_document
from zepix_core.config.home import Home
from zepix_core.config.schema_check import schema_faults
from zepix_core.config.secrets import Secret
from zepix_core.errors import SettingsError


def read_plugin_file(home: Home, plugin_id: str, variables: Mapping[str, Secret]) -> Document:
    """One plugin's file as written, placeholders filled in; a missing file is an empty one.

    Faults of the text, and a ``plugin_id`` that is not the file's name, stand in the document.

    Raises:
        SettingsError: The file is there but cannot be read.
    """
    path = home.plugin_file(plugin_id)
    document = read_document(path, f"plugins/{path.name}", variables)
    named = document.data.get("plugin_id", plugin_id)
    if named == plugin_id:
        return document
    wrong = document.at(("plugin_id",), f"must equal the file's name {plugin_id!r}, not {named!r}")
    return Document(
        document.name,
        document.data,
        document.raw,
        document.lines,
        (*document.faults, wrong),
        document.unfilled,
    )


def plugin_values(home: Home, plugin_id: str, variables: Mapping[str, Secret]) -> dict[str, Any]:
    """The values to hand to the plugin's worker.

    Raises:
        SettingsError: With every fault of the file's text.
    """
    document = read_plugin_file(home, plugin_id, variables)
    if document.faults:
        raise SettingsError(f"{document.name} has mistakes.", "Correct them and try again.", document.faults)
    return document.data


def plugin_ids(home: Home) -> tuple[str, ...]:
    """Ids of the plugins that have a file, sorted."""
    if not home.plugins.is_dir():
        return ()
    return tuple(sorted({p.stem for p in home.plugins.iterdir() if p.suffix in (".toml", ".json")}))


def remember_plugins(home: Home, rows: Iterable[Mapping[str, Any]]) -> None:
    """Keep what the workers said (``data/plugins.json``), so that a stopped host can show and check it.

    Each row holds ``id`` and, besides what is shown, the JSON Schema of its settings as ``config_schema``.

    Raises:
        SettingsError: The file cannot be written.
    """
    text = msgspec.json.format(msgspec.json.encode(list(rows)), indent=1).decode()
    write_atomic(home.plugins_cache, text + "\n")


def remembered(home: Home) -> tuple[dict[str, Any], ...]:
    """What `remember_plugins` kept; empty before the first start."""
    try:
        rows = msgspec.json.decode(home.plugins_cache.read_bytes())
    except (OSError, msgspec.DecodeError):
        return ()
    if not isinstance(rows, list):
        return ()
    return tuple(row for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str))


def known_schemas(home: Home) -> dict[str, Mapping[str, Any]]:
    """JSON Schemas of the plugins' settings as their workers reported them last."""
    rows = remembered(home)
    found = {row["id"]: row.get("config_schema") for row in rows}
    # A plugin that never came up told none: its row has an empty one.
    return {name: schema for name, schema in found.items() if isinstance(schema, dict) and schema}


def known_defaults(home: Home, plugin_id: str) -> dict[str, Any]:
    """The defaults in a plugin's schema; empty when its worker never ran."""
    found = _defaults(known_schemas(home).get(plugin_id, {}))
    return found if isinstance(found, dict) else {}


def _defaults(schema: Mapping[str, Any]) -> Any:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return schema.get("default")
    named = schema.get("default")
    found = dict(named) if isinstance(named, Mapping) else {}
    for key, inner in properties.items():
        if key not in found and ("default" in inner or "properties" in inner):
            found[key] = _defaults(inner)
    return found


def plugin_file_faults(home: Home, variables: Mapping[str, Secret]) -> tuple[str, ...]:
    """Faults of every plugin file, held against the schemas known; without one only the text is checked."""
    schemas = known_schemas(home)
    faults: list[str] = []
    for plugin_id in plugin_ids(home):
        document = read_plugin_file(home, plugin_id, variables)
        faults += document.faults
        schema = schemas.get(plugin_id)
        if schema is not None:
            faults += [
                document.at(path, message)
                for path, message in schema_faults(document.data, schema)
                if path not in document.unfilled
            ]
    return tuple(faults)
