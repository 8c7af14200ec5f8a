"""Every list of the code is on its page, whole; and a page that loses one entry is found out."""

import sqlite3
from pathlib import Path

import attrs
import pytest

from tests.docs.completeness import Check
from tests.docs.conftest import Tell
from tests.docs.contract_checks import contract_checks
from tests.docs.fact_checks import fact_checks
from zepix_core.testing.process import RunningHost

CHECKS = [*contract_checks(), *fact_checks()]


def ident(check: Check) -> str:
    return check.name


def lost(check: Check, item: str, text: str) -> bool:
    """Whether the check misses that item in a page."""
    return item in attrs.evolve(check, expected={item: check.expected[item]}).missing(text)


def counted(check: Check) -> str:
    """What is compared, and how much of it."""
    return f"docs/{check.page}: {check.name}: {len(check.expected)} compared"


@pytest.mark.parametrize("check", CHECKS, ids=ident)
def test_the_page_holds_all_of(check: Check, tell: Tell) -> None:
    tell(counted(check))
    assert check.expected
    assert check.missing(check.path.read_text("utf-8")) == {}


@pytest.mark.parametrize("check", CHECKS, ids=ident)
def test_an_entry_that_is_taken_out_is_missed(check: Check) -> None:
    text = check.path.read_text("utf-8")
    for item in check.expected:
        assert lost(check, item, check.without(text, item)), item


@pytest.mark.parametrize("check", [check for check in CHECKS if any(check.expected.values())], ids=ident)
def test_an_entry_that_says_nothing_is_missed(check: Check) -> None:
    text = check.path.read_text("utf-8")
    for item, needed in check.expected.items():
        if needed:
            assert lost(check, item, check.emptied(text, item)), item


def database_check(home: Path) -> Check:
    """Tables and columns of the files of a home that has run."""
    expected: dict[str, tuple[str, ...]] = {}
    common = "zepix_bracket.db"
    for file in sorted((home / "data").glob("*.db")):
        connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
            columns = connection.execute("SELECT name, lower(type) FROM pragma_table_info(?)", (table,))
            shown = f"{common}: {table}" if f"{common}: {table}" in expected else f"{file.name}: {table}"
            needed = tuple(f"| `{name}` | {kind}" for name, kind in columns)
            if not table.startswith("sqlite_"):
                expected[shown] = needed
        connection.close()
    return Check(name="tables", page="reference/database.md", expected=expected, rows=False)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose host has taken an alert and stopped."""
    path = tmp_path_factory.mktemp("docs") / "home"
    host = RunningHost(path).start()
    host.post('{"type": "nothing"}')
    host.settled()
    host.stop()
    return path


def test_the_page_holds_all_tables_of_a_home_that_has_run(home: Path, tell: Tell) -> None:
    check = database_check(home)
    tell(counted(check))
    text = check.path.read_text("utf-8")
    assert check.missing(text) == {}
    for item in check.expected:
        assert lost(check, item, check.without(text, item))
        assert lost(check, item, check.emptied(text, item))


def test_the_page_holds_all_files_of_a_home_that_has_run(home: Path) -> None:
    text = (Path(__file__).parents[2] / "docs/reference/home.md").read_text("utf-8")
    for file in home.rglob("*"):
        name = file.relative_to(home).as_posix()
        if file.is_file() and not name.endswith(("-wal", "-shm", "run.log")) and "/locks/" not in name:
            assert file.name in text or name.startswith(("plugins/", "data/zepix_")), name
