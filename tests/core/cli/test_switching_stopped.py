"""``zepix plugins enable`` and ``disable`` while no host runs: the next start does as they say."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from zepix_core.cli.main import run
from zepix_core.config.home import Home
from zepix_core.config.plugin_files import remember_plugins
from zepix_core.config.profiles import prepare
from zepix_core.plugins.discovery import discover
from zepix_core.plugins.lockfile import LockEntry, read_lock, write_lock
from zepix_core.plugins.states import VERDICTS_FILE, Verdicts, read_verdicts, write_verdicts


@pytest.fixture(autouse=True)
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed distribution with two plugins, and one more that came later."""
    folder = tmp_path / "site"
    for name, ids in {"pair-dist": ("one", "two"), "late-dist": ("late",)}.items():
        info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        points = "".join(f"{one} = some_module:Plugin\n" for one in ids)
        (info / "entry_points.txt").write_text(f"[zepix.plugins]\n{points}")
    monkeypatch.syspath_prepend(str(folder))
    return folder


@pytest.fixture
def home(traded_home: Home) -> Home:
    """A home that ran before the second distribution came."""
    known = {d.name: LockEntry(name=d.name, version=d.version, enabled=True) for d in discover()}
    del known["late-dist"]
    write_lock(traded_home.lock_file, known)
    return traded_home


@pytest.fixture
def ask(home: Home, capsys: pytest.CaptureFixture[str]) -> Any:
    def ask(*arguments: str, code: int = 0) -> Any:
        assert run(["plugins", *arguments, "--format", "json", "--home", str(home.path)]) == code
        told = capsys.readouterr()
        return json.loads(told.out) if code == 0 else told.err

    return ask


def states(rows: list[dict[str, Any]], *ids: str) -> dict[str, tuple[str, bool]]:
    return {row["id"]: (row["state"], row["enabled"]) for row in rows if row["id"] in ids}


def verdicts(home: Home) -> Verdicts:
    return read_verdicts(home.data / VERDICTS_FILE)


def test_one_plugin_is_switched_off_and_on(ask: Any, home: Home) -> None:
    off = ask("disable", "one")
    assert states(off, "one", "two") == {"one": ("disabled", False)}
    assert verdicts(home).disabled == {"one"}
    both = states(ask("list"), "one", "two")
    assert both == {"one": ("disabled", False), "two": ("discovered", True)}
    assert states(ask("enable", "one"), "one") == {"one": ("discovered", True)}
    assert verdicts(home).disabled == frozenset()


def test_a_distribution_names_all_its_plugins_however_it_is_spelt(ask: Any, home: Home) -> None:
    ask("disable", "Pair_Dist")
    assert verdicts(home).disabled == {"one", "two"}
    ask("enable", "pair.dist")
    assert verdicts(home).disabled == frozenset()


def test_a_distribution_that_came_later_runs_from_the_next_start(ask: Any, home: Home) -> None:
    assert states(ask("list"), "late") == {"late": ("discovered", False)}
    assert states(ask("enable", "late"), "late") == {"late": ("discovered", True)}
    lock = read_lock(home.lock_file)
    assert lock is not None and lock["late-dist"].enabled and lock["pair-dist"].enabled


def test_a_quarantine_ends(ask: Any, home: Home) -> None:
    write_verdicts(home.data / VERDICTS_FILE, Verdicts(quarantined={"one": "it died", "two": "it died"}))
    remember_plugins(home, [{"id": "one", "state": "quarantined", "reason": "it died", "config_schema": {}}])
    assert states(ask("list"), "one") == {"one": ("quarantined", False)}
    (row,) = ask("enable", "one")
    assert (row["state"], row["enabled"], row["reason"]) == ("discovered", True, "")
    assert verdicts(home).quarantined == {"two": "it died"}


def test_a_switch_stands_in_the_record_with_who_asked(ask: Any, home: Home) -> None:
    ask("disable", "one")
    query = "SELECT payload FROM journal_events WHERE kind = 'command' ORDER BY seq DESC LIMIT 1"
    with closing(sqlite3.connect(home.journal_db)) as journal:
        told = json.loads(journal.execute(query).fetchone()[0])
    assert (told["name"], told["from"]) == ("plugins/one/toggle", "files of the stopped host")
    assert told["arguments"] == {"name": "one", "enabled": False}


def test_what_is_left_open_is_told(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(home.journal_db)) as journal:
        journal.execute("UPDATE intents SET plugin = 'one'")
        journal.commit()
    assert run(["plugins", "disable", "one", "--home", str(home.path)]) == 0
    assert "one has 1 open: they stay with their stops" in capsys.readouterr().err


def test_an_unknown_name_changes_nothing(ask: Any, home: Home) -> None:
    for command in ("enable", "disable"):
        assert "there is no plugin ones.\nDid you mean 'one'?" in ask(command, "ones", code=1)
    assert not (home.data / VERDICTS_FILE).exists()


def test_a_home_that_never_ran_keeps_the_switch_for_its_first_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh = Home(tmp_path / "fresh")
    prepare(fresh)
    assert run(["plugins", "disable", "one", "--format", "json", "--home", str(fresh.path)]) == 0
    assert states(json.loads(capsys.readouterr().out), "one") == {"one": ("disabled", False)}
    assert run(["plugins", "enable", "late", "--home", str(fresh.path)]) == 0
    assert read_lock(fresh.lock_file) is None, "the first start takes in all that is installed"
    assert verdicts(fresh).disabled == {"one"}


def test_a_host_that_has_just_started_is_not_written_behind(ask: Any, home: Home) -> None:
    with home.held():
        assert "A host already runs" in ask("disable", "one", code=4)
    assert not (home.data / VERDICTS_FILE).exists()
