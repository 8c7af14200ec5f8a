"""Every mistake of the settings files is told at once, by `config validate` and by a refused start."""

import socket
from pathlib import Path

import pytest

from zepix_core.cli.main import run
from zepix_core.cli.plugin_names import known_ids
from zepix_core.cli.run import run_host
from zepix_core.cli.settings_check import check_settings
from zepix_core.config.home import Home
from zepix_core.config.plugin_files import remember_plugins
from zepix_core.config.profiles import prepare
from zepix_core.errors import SettingsError

SCHEMA = {"type": "object", "properties": {"risk": {"type": "number"}}, "additionalProperties": False}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    prepare(home)
    remember_plugins(home, [{"id": "ran", "config_schema": SCHEMA}, {"id": "failed", "config_schema": {}}])
    return home


def test_a_refused_start_names_the_plugins_mistakes_too(home: Home) -> None:
    home.settings_file.write_text('broker = "nowhere"\ncolour = 1\n')
    home.plugin_file("ran").write_text('risk = "much"\nrisc = 1\n')
    home.plugin_file("nobody").write_text("")
    with pytest.raises(SettingsError) as raised:
        run_host(home)
    faults = raised.value.faults
    assert len(faults) == 5
    wanted = (
        "zepix.toml:1",
        "zepix.toml:2",
        "plugins/ran.toml:1",
        "plugins/ran.toml:2",
        "plugins/nobody.toml",
    )
    assert all(any(fault.startswith(name) for fault in faults) for name in wanted)
    assert not home.journal_db.exists()


def test_both_taken_ports_are_named_at_once(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        ports = [listener.getsockname()[1] for listener in (one, two)]
        with pytest.raises(SettingsError, match="Both ports") as raised:
            run_host(home, port=ports[0], api_port=ports[1])
    assert [str(port) in fault for port, fault in zip(ports, raised.value.faults, strict=True)] == [True] * 2


def test_a_plugin_that_never_came_up_is_said_to_be_checked_in_part(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "failed" in known_ids(home)
    home.plugin_file("failed").write_text("anything = 1\n")
    home.plugin_file("ran").write_text("risk = 1\n")
    assert run(["config", "validate", "--home", str(home.path)]) == 0
    told = capsys.readouterr()
    assert told.err == "plugins/failed.toml: checked in part, its plugin has not run yet.\n"
    assert told.out == "All settings are valid.\n"


def test_a_plugin_from_a_source_folder_is_no_stray(home: Home) -> None:
    home.plugin_file("mine").write_text("")
    assert len(check_settings(home).plugins) == 1
    assert check_settings(home, strays=False).plugins == ()
