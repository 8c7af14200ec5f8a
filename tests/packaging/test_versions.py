"""One version of each distribution, said in three places."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import zepix_core

ROOT = Path(__file__).parents[2]
FOLDERS = ["zepix_core", "zepix_plugins_v3", "zepix_plugins_v6", "examples/zepix-bracket"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_project_file_installed_metadata_and_changelog_agree(folder: str) -> None:
    project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text("utf-8"))["project"]
    changelog = (ROOT / folder / "CHANGELOG.md").read_text("utf-8")
    newest = re.search(r"^## (\S+)", changelog, re.MULTILINE)
    assert newest is not None
    assert project["version"] == version(project["name"]) == newest[1]


def test_the_core_names_its_version_to_programs() -> None:
    assert zepix_core.__version__ == version("zepix-core")
