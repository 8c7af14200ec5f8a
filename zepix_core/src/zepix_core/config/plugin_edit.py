"""One value of a plugin's own settings file, set without touching anything else that stands in it."""

import json
import re
from pathlib import Path
from typing import Any

from zepix_core.config.atomic import write_atomic
from zepix_core.config.document import Document, parse_document
from zepix_core.config.home import Home
from zepix_core.config.render import toml_value
from zepix_core.config.settings import HostSettings
from zepix_core.errors import SettingsError

_COMMENT = re.compile(r"\s*#[^\"']*$")


def check_host_switch(settings: HostSettings, plugin_id: str, on: bool) -> None:
    """Refuse to end a shadow mode that the host's own file asks for.

    Raises:
        SettingsError: It stands there.
    """
    switch = settings.plugins.get(plugin_id)
    if not on and switch is not None and switch.shadow_mode is True:
        raise SettingsError(
            f"zepix.toml keeps {plugin_id} in shadow mode: plugins.{plugin_id}.shadow_mode = true.",
            "Take it out there; it is read at the next start.",
        )


def set_plugin_value(home: Home, plugin_id: str, key: str, value: Any) -> Path:
    """Set a top-level key of ``plugins/<id>.toml`` (or ``.json``); a missing file is made.

    Raises:
        SettingsError: The file has mistakes, or cannot be read or written; it stands as it was.
    """
    path = home.plugin_file(plugin_id)
    text = with_value(_text_of(path, plugin_id), key, value, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, text)
    return path


def with_value(text: str, key: str, value: Any, path: Path) -> str:
    """The text of a settings file with one top-level key set; comments, order and the rest stay.

    Raises:
        SettingsError: The text has mistakes, or the key cannot be set in it.
    """
    before = _parsed(text, path)
    if path.suffix == ".json":
        return json.dumps({**before.raw, key: value}, indent=2, ensure_ascii=False) + "\n"
    lines = text.rstrip("\n").split("\n") if text.strip() else []
    line = f"{key} = {toml_value(value)}"
    at = before.lines.get((key,))
    if at is not None:
        comment = _COMMENT.search(lines[at - 1])
        lines[at - 1] = line + (comment[0] if comment else "")
    else:
        lines.insert(_place(lines, key, before), line)
    changed = "\n".join(lines) + "\n"
    after = _parsed(changed, path)
    if after.raw != {**before.raw, key: value}:
        raise SettingsError(f"{key} cannot be set in {path}.", f"Write `{line}` there yourself.")
    return changed


def _place(lines: list[str], key: str, document: Document) -> int:
    """Line of a new key: below its default that is commented out, else below ``plugin_id``, else on top."""
    end = next((n for n, one in enumerate(lines) if one.lstrip().startswith("[")), len(lines))
    for number, one in enumerate(lines[:end]):
        if re.match(rf"\s*#\s*{re.escape(key)}\s*=", one):
            return number + 1
    return document.lines.get(("plugin_id",), 0)


def _text_of(path: Path, plugin_id: str) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return f"plugin_id = {toml_value(plugin_id)}\n"
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.", "Check its owner and mode.") from error


def _parsed(text: str, path: Path) -> Document:
    found = parse_document(text, f"plugins/{path.name}", path.suffix == ".json", {})
    if not found.raw and found.faults:
        raise SettingsError(f"{path} has mistakes.", "Correct them and try again.", found.faults)
    return found
