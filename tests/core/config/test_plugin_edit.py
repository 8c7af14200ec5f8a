"""One key of a plugin's file is set; nothing else of it changes."""

import json
import tomllib
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.config.home import Home
from zepix_core.config.plugin_edit import check_host_switch, set_plugin_value, with_value
from zepix_core.config.render import render, render_plain
from zepix_core.config.settings import HostSettings, PluginSwitch
from zepix_core.errors import SettingsError
from zepix_core.plugin import PluginConfig

TOML, JSON = Path("one.toml"), Path("one.json")


def test_the_value_is_replaced_and_its_comment_stays() -> None:
    text = "# mine\nplugin_id = 'one'\nshadow_mode = false  # until June\n\n[risk]\nshadow_mode = false\n"
    assert with_value(text, "shadow_mode", True, TOML) == text.replace("= false  #", "= true  #")


def test_a_new_key_stands_below_its_commented_default() -> None:
    text = render(PluginConfig(plugin_id="one"), "One")
    changed = with_value(text, "shadow_mode", True, TOML)
    assert tomllib.loads(changed) == {**tomllib.loads(text), "shadow_mode": True}
    assert "# shadow_mode = false\nshadow_mode = true\n" in changed


def test_a_new_key_stands_before_the_first_table() -> None:
    changed = with_value("[risk]\nlots = 1.0\n", "shadow_mode", True, TOML)
    assert tomllib.loads(changed) == {"shadow_mode": True, "risk": {"lots": 1.0}}


def test_a_line_inside_a_long_text_is_no_key() -> None:
    text = 'note = """\nshadow_mode = false\n"""\n'
    assert tomllib.loads(with_value(text, "shadow_mode", True, TOML)) == {
        "note": "shadow_mode = false\n",
        "shadow_mode": True,
    }


def test_placeholders_stay_as_they_are_written() -> None:
    changed = with_value('plugin_id = "one"\nkey = "${SECRET}"\n', "shadow_mode", True, TOML)
    assert 'key = "${SECRET}"' in changed


def test_a_json_file_stays_json() -> None:
    changed = with_value('{"plugin_id": "one", "lots": 0.1}', "shadow_mode", True, JSON)
    assert json.loads(changed) == {"plugin_id": "one", "lots": 0.1, "shadow_mode": True}


VALUES = st.one_of(st.booleans(), st.integers(-9, 9), st.text(max_size=8))
TABLES = st.dictionaries(st.sampled_from(["shadow_mode", "enabled", "a", "b"]), VALUES, max_size=4)


@given(TABLES, st.dictionaries(st.sampled_from(["one", "two"]), TABLES, max_size=2), st.booleans())
def test_whatever_stands_in_the_file_only_that_key_changes(
    flat: dict[str, object], nested: dict[str, dict[str, object]], value: bool
) -> None:
    text = render_plain({**flat, **nested})
    changed = tomllib.loads(with_value(text, "shadow_mode", value, TOML))
    assert changed == {**tomllib.loads(text), "shadow_mode": value}


def test_a_missing_file_is_made(tmp_path: Path) -> None:
    home = Home(tmp_path)
    path = set_plugin_value(home, "one", "shadow_mode", False)
    assert tomllib.loads(path.read_text()) == {"plugin_id": "one", "shadow_mode": False}


def test_a_file_with_mistakes_stays_as_it_is(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.plugins.mkdir()
    path = home.plugin_file("one")
    path.write_text("shadow_mode = maybe\n")
    with pytest.raises(SettingsError) as caught:
        set_plugin_value(home, "one", "shadow_mode", True)
    assert caught.value.faults
    assert path.read_text() == "shadow_mode = maybe\n"


def test_a_shadow_mode_of_the_hosts_own_file_cannot_be_ended_by_the_plugins() -> None:
    settings = attrs.evolve(HostSettings(), plugins={"one": PluginSwitch(shadow_mode=True)})
    check_host_switch(settings, "one", True)
    check_host_switch(settings, "two", False)
    with pytest.raises(SettingsError, match=r"plugins\.one\.shadow_mode"):
        check_host_switch(settings, "one", False)
