"""One version of each distribution, said the same everywhere it is said."""

import importlib
import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ["zepix_core", "zepix_plugins_v3", "zepix_plugins_v6", "examples/zepix-bracket"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_project_file_metadata_package_and_changelog_agree(folder: str) -> None:
    project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text("utf-8"))["project"]
    changelog = (ROOT / folder / "CHANGELOG.md").read_text("utf-8")
    newest = re.search(r"^## (\S+)", changelog, re.MULTILINE)
    package = importlib.import_module(project["name"].replace("-", "_"))
    assert newest is not None
    said = {project["version"], version(project["name"]), newest[1]}
    assert said | {getattr(package, "__version__", version(project["name"]))} == {project["version"]}


def test_the_core_names_its_version_to_programs() -> None:
    assert importlib.import_module("zepix_core").__version__ == version("zepix-core")


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_changelog_has_one_title_and_an_entry_a_version_newest_first(folder: str) -> None:
    lines = (ROOT / folder / "CHANGELOG.md").read_text("utf-8").splitlines()
    entries = [
        tuple(map(int, line.removeprefix("## ").split("."))) for line in lines if line.startswith("## ")
    ]
    assert [line for line in lines if line.startswith("# ")] == lines[:1]
    assert entries == sorted(set(entries), reverse=True)
