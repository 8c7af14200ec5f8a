import sys
from pathlib import Path

import pytest
from tests.core.plugins.conftest import Site

from zepix_core.errors import SettingsError
from zepix_core.plugins.discovery import discover
from zepix_core.plugins.lockfile import LockChangeKind, LockEntry, read_lock, reconcile, write_lock


@pytest.fixture
def site(tmp_path: Path) -> Site:
    folder = tmp_path / "site"
    folder.mkdir()
    return Site(folder)


def test_plugins_are_found_without_importing_anything(site: Site) -> None:
    site.install("My.Plugins", {"one": "gone:One", "two": "gone:Two"}, source="raise SystemExit")
    (found,) = discover([str(site.path)])
    assert (found.name, found.version) == ("my-plugins", "1.0")
    assert found.usable == {"one": "gone:One", "two": "gone:Two"}
    assert len(found.sha256) == 64
    assert "gone" not in sys.modules


def test_of_two_distributions_with_one_id_the_first_by_name_has_it(site: Site) -> None:
    site.install("zzz", {"same": "zzz:A", "own": "zzz:B"}, source="#")
    site.install("aaa", {"same": "aaa:A"}, source="#")
    first, second = discover([str(site.path)])
    assert (first.name, first.usable) == ("aaa", {"same": "aaa:A"})
    assert second.usable == {"own": "zzz:B"}
    assert "duplicate id: aaa" in next(p.problem for p in second.plugins if p.id == "same")


@pytest.mark.parametrize("name", ["core", "../up", "a b", "x" * 65])
def test_an_id_that_cannot_name_a_file_is_not_used(site: Site, name: str) -> None:
    site.install("odd", {name: "odd:A", "good": "odd:B"}, source="#")
    (found,) = discover([str(site.path)])
    assert found.usable == {"good": "odd:B"}


def test_a_distribution_without_plugins_is_none_of_ours(site: Site) -> None:
    site.install("plain", {}, source="#")
    assert discover([str(site.path)]) == ()


def test_an_empty_home_takes_in_what_is_installed_and_later_ones_wait(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "zepix.lock"
    assert read_lock(path) is None
    site.install("first", {"one": "first:A"}, source="#")
    lock, changes = reconcile(None, discover([str(site.path)]))
    assert [(c.kind, c.name) for c in changes] == [(LockChangeKind.TAKEN_IN, "first")]
    write_lock(path, lock)
    site.install("second", {"two": "second:A"}, source="#")
    lock, changes = reconcile(read_lock(path), discover([str(site.path)]))
    assert [(c.kind, c.name) for c in changes] == [(LockChangeKind.DISCOVERED, "second")]
    assert {name: entry.enabled for name, entry in lock.items()} == {"first": True, "second": False}


def test_a_new_version_is_taken_over_and_a_missing_one_is_named(site: Site) -> None:
    site.install("first", {"one": "first:A"}, source="#")
    old = {
        "first": LockEntry(name="first", version="0.9", sha256="x", enabled=True),
        "gone": LockEntry(name="gone", version="2.0", enabled=True),
    }
    lock, changes = reconcile(old, discover([str(site.path)]))
    assert [(c.kind, c.name, c.before, c.after) for c in changes] == [
        (LockChangeKind.CHANGED, "first", "0.9", "1.0"),
        (LockChangeKind.MISSING, "gone", "2.0", ""),
    ]
    assert lock["first"].enabled
    assert lock["gone"].enabled


def test_the_lock_reads_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "zepix.lock"
    lock = {
        "a": LockEntry(name="a", version='1.0"\\', sha256="ab", enabled=True),
        "b": LockEntry(name="b", version="2"),
    }
    write_lock(path, lock)
    assert read_lock(path) == lock


@pytest.mark.parametrize("text", ["[[distribution]\n", "[[distribution]]\nname = 5\n", "other = 1\n"])
def test_a_lock_that_cannot_be_read_lets_nothing_run(tmp_path: Path, text: str) -> None:
    path = tmp_path / "zepix.lock"
    path.write_text(text)
    with pytest.raises(SettingsError):
        read_lock(path)
