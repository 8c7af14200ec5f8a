"""Every command of the tree exists, says what the tree says, and is found without importing the others."""

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from zepix_core.cli.main import cli, run
from zepix_core.cli.tree import TREE, Branch


def leaves(branch: Branch, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, entry in branch.items():
        if isinstance(entry, str):
            yield (*path, name), entry
        else:
            yield from leaves(entry[1], (*path, name))


@pytest.mark.parametrize(("path", "text"), list(leaves(TREE)), ids=lambda value: " ".join(value))
def test_a_command_is_a_file_that_says_what_the_tree_says(path: tuple[str, ...], text: str) -> None:
    command = importlib.import_module(".".join(("zepix_core.cli", *path))).command
    assert isinstance(command, click.Command)
    assert command.help is not None
    assert command.help.split("\n\n")[0].replace("\n", " ") == text


@pytest.mark.parametrize("path", [path for path, _ in leaves(TREE)], ids=" ".join)
def test_every_command_has_help_and_a_home(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*path, "--help"]) == 0
    assert "--home" in capsys.readouterr().out


def test_the_version_is_printed_without_loading_anything_heavy() -> None:
    heavy = ["rich", "litestar", "uvicorn", "attrs", "cattrs", "msgspec", "sqlite3", "asyncio", "tomlkit"]
    code = (
        "import sys; from zepix_core.cli.main import run; assert run(['--version']) == 0;"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = in_a_new_process(code)
    assert done == ["zepix 5.0.0", "[]"]


def test_a_listing_of_commands_imports_none_of_them() -> None:
    code = (
        "import sys; from zepix_core.cli.main import run; run(['--help']);"
        "print([name for name in sys.modules if name.startswith('zepix_core.cli.')])"
    )
    done = in_a_new_process(code)
    loaded = done[-1]
    assert loaded == "['zepix_core.cli.tree', 'zepix_core.cli.lazy', 'zepix_core.cli.main']"


def in_a_new_process(code: str) -> list[str]:
    command = [sys.executable, "-c", code]
    # A measured process loads the measuring, too.
    bare = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(command, env=bare, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.splitlines()


def test_the_root_knows_its_commands() -> None:
    assert cli.list_commands(click.Context(cli)) == list(TREE)
