"""The home folder: where it is, what is in it, who holds it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from zepix_core.config.home import Home, find_home
from zepix_core.errors import SettingsError

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")


def test_the_option_wins_over_the_variable_and_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZEPIX_HOME", str(tmp_path / "named"))
    assert find_home(tmp_path / "given").path == tmp_path / "given"
    assert find_home().path == tmp_path / "named"
    monkeypatch.delenv("ZEPIX_HOME")
    assert "zepix" in find_home().path.name.lower()


def test_creating_makes_every_folder_and_may_be_repeated(tmp_path: Path) -> None:
    home = Home(tmp_path / "deep" / "home")
    home.create()
    home.create()
    assert {entry.name for entry in home.path.iterdir()} == {
        "backups", "data", "logs", "plugins", "slots", "wheels",
    }  # fmt: skip


@POSIX
def test_data_is_for_the_owner_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()
    assert [folder.stat().st_mode & 0o777 for folder in (home.path, home.data, home.logs)] == [0o700] * 3


def test_a_file_in_the_way_is_a_settings_error(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("x")
    with pytest.raises(SettingsError) as caught:
        Home(tmp_path / "home").create()
    assert caught.value.hint


@POSIX
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_home_that_cannot_be_written_is_a_settings_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(SettingsError):
            Home(tmp_path / "home").create()
    finally:
        tmp_path.chmod(0o700)


def test_json_files_are_used_when_only_they_exist(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.create()
    (tmp_path / "zepix.json").write_text("{}")
    assert home.settings_file.name == "zepix.json"
    (tmp_path / "zepix.toml").write_text("")
    assert home.settings_file.name == "zepix.toml"
    (home.plugins / "p.json").write_text("{}")
    assert home.plugin_file("p").name == "p.json"


HOLD = """
import sys
from zepix_core.config.home import Home
with Home(sys.argv[1]).held():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_host_on_the_same_home_is_told_who_holds_it(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.create()
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdin is not None and holder.stdout is not None
        assert holder.stdout.readline().strip() == b"held"
        with pytest.raises(SettingsError) as caught, home.held():
            pytest.fail("two hosts hold one home")
        assert f"process {holder.pid}" in caught.value.message
        assert caught.value.hint
        holder.stdin.close()
        assert holder.wait(timeout=20) == 0
    with home.held():
        assert (home.data / "host.pid").read_text().strip() == str(os.getpid())
