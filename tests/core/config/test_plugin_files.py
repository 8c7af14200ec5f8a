"""Plugins' own files are checked against what their workers said last."""

from pathlib import Path

import attrs
import pytest

from zepix_core.config.home import Home
from zepix_core.config.json_schema import json_schema
from zepix_core.config.plugin_files import (
    known_defaults,
    plugin_file_faults,
    plugin_ids,
    plugin_values,
    read_plugin_file,
    remember_plugins,
)
from zepix_core.config.schema_check import schema_faults
from zepix_core.config.secrets import Secret
from zepix_core.errors import SettingsError
from zepix_core.model.setting import setting
from zepix_core.plugin import PluginConfig


@attrs.frozen(kw_only=True)
class Inner:
    window: float = setting(300.0, doc="Window", ge=0)
    mode: str = setting("pine", doc="Mode", choices=("pine", "legacy"))
    names: tuple[str, ...] = setting(("a",), doc="Names")
    cap: int | None = setting(None, doc="Cap", ge=1)


@attrs.frozen(kw_only=True)
class Model(PluginConfig):
    settings: Inner = setting(factory=Inner, doc="Its own")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.create()
    remember_plugins(home, [{"id": "p", "name": "P", "config_schema": json_schema(Model)}])
    return home


def test_every_mistake_of_a_plugins_file_is_named_with_its_line(home: Home) -> None:
    (home.plugins / "p.toml").write_text(
        'enabled = "yes"\n[settings]\nwindow = -1\nmode = "x"\nnames = [1]\nwindo = 2\ncap = 0\n'
    )
    faults = plugin_file_faults(home, {})
    assert [fault.split(": ")[0] for fault in faults] == [
        "plugins/p.toml:1",
        "plugins/p.toml:3",
        "plugins/p.toml:4",
        "plugins/p.toml:5",
        "plugins/p.toml:6",
        "plugins/p.toml:7",
    ]
    assert "did you mean 'window'?" in faults[4]


def test_a_file_in_order_has_no_faults(home: Home) -> None:
    (home.plugins / "p.toml").write_text('plugin_id = "p"\n[settings]\nwindow = 1\nnames = []\ncap = 3\n')
    assert plugin_file_faults(home, {}) == ()
    assert plugin_ids(home) == ("p",)


def test_the_plugin_id_must_be_the_files_name(home: Home) -> None:
    (home.plugins / "p.toml").write_text('plugin_id = "q"\n')
    assert "must equal the file's name 'p'" in read_plugin_file(home, "p", {}).faults[0]
    with pytest.raises(SettingsError):
        plugin_values(home, "p", {})


def test_a_plugin_that_never_ran_is_checked_for_its_text_alone(home: Home) -> None:
    (home.plugins / "q.toml").write_text("anything = 1\n")
    assert plugin_file_faults(home, {}) == ()
    (home.plugins / "q.toml").write_text("anything = \n")
    assert plugin_file_faults(home, {})[0].startswith("plugins/q.toml:1: ")


def test_placeholders_work_in_plugins_files_too(home: Home) -> None:
    (home.plugins / "p.toml").write_text('[settings]\nmode = "${MODE}"\n')
    assert plugin_values(home, "p", {"MODE": Secret("legacy")})["settings"] == {"mode": "legacy"}


def test_defaults_are_known_from_the_schema(home: Home) -> None:
    defaults = known_defaults(home, "p")
    assert defaults["settings"] == {"window": 300.0, "mode": "pine", "names": ["a"], "cap": None}
    assert known_defaults(home, "nobody") == {}


def test_a_broken_memory_is_no_memory(home: Home) -> None:
    home.plugins_cache.write_text("{")
    assert known_defaults(home, "p") == {}


def test_a_key_that_stands_one_table_too_high_is_told_where_it_belongs() -> None:
    inner = {"type": "object", "properties": {"max_risk_percent": {"type": "number"}}}
    schema = {"type": "object", "properties": {"settings": inner}, "additionalProperties": False}
    ((path, text),) = schema_faults({"max_risk_percent": 2}, schema)
    assert (path, text) == (("max_risk_percent",), "unknown key; did you mean 'settings.max_risk_percent'?")
