"""The gates watch what they are said to watch."""

import configparser
import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("zepix_core", "zepix_plugins_v3", "zepix_plugins_v6", "examples/zepix-bracket")


def tox() -> configparser.ConfigParser:
    """tox.ini, its substitutions as they stand."""
    read = configparser.ConfigParser(interpolation=None)
    read.read(ROOT / "tox.ini", encoding="utf-8")
    return read


def by_default() -> list[str]:
    """The environments a plain ``tox`` runs, in order."""
    return re.findall(r"[\w-]+", tox()["tox"]["env_list"])


def gate(name: str) -> ModuleType:
    """A script of the gates as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / ".ci" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_environment_that_runs_tests_is_counted_and_those_of_a_distribution_are_measured() -> None:
    sections = tox()
    commands = {name: sections[f"testenv:{name}"].get("commands", "") for name in by_default()}
    measured = {name for name, lines in commands.items() if "{[tests]command}" in lines}
    running = measured | {name for name, lines in commands.items() if "pytest" in lines}
    assert {"core", "v3", "v6", "examples", "system"} <= measured
    assert "coverage run" in sections["tests"]["command"]
    assert running <= set(commands["total"].split())


def test_coverage_follows_the_tests_and_the_closing_line_is_last() -> None:
    order = by_default()
    assert order[-2:] == ["coverage", "total"]
    assert tox()["testenv:coverage"]["commands"].split()[-1] == "85"


def test_hooks_before_a_commit_run_environments_that_exist() -> None:
    entries = re.findall(r"entry: (.*)", (ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    names = [entry.removeprefix("tox -qq run -e ") for entry in entries]
    assert {"lint", "types", "layers"} <= set(names) <= set(by_default())


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_distribution_is_measured_and_its_news_rendered(folder: str) -> None:
    project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text("utf-8"))
    package = project["project"]["name"].replace("-", "_")
    floors = gate("news").FOLDERS, gate("dependencies").FOLDERS
    assert all(folder in folders for folders in floors)
    shared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["coverage"]
    assert f"*/{package}/*" in shared["run"]["include"]
    assert [f"{folder}/src/{package}", f"*/site-packages/{package}"] in shared["paths"].values()
    changelog = (ROOT / folder / "CHANGELOG.md").read_text("utf-8")
    title = f"# Changelog of {project['project']['name']}\n\n"
    assert changelog.startswith(title + project["tool"]["towncrier"]["start_string"])


@pytest.mark.parametrize(
    ("licence", "fine"),
    [
        ("MIT", True),
        ("License :: OSI Approved :: BSD License", True),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-3.0-or-later", False),
        ("LGPL-3.0-only", True),
        ("none named", False),
    ],
)
def test_a_licence_is_permitted_or_not(licence: str, fine: bool) -> None:
    assert gate("dependencies").allowed(licence) is fine


def test_an_import_that_nobody_declared_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dependencies = gate("dependencies")
    package = tmp_path / "odd" / "src" / "odd_one"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("def late():\n    import numpy\n")
    (tmp_path / "odd" / "pyproject.toml").write_text(
        '[project]\nname = "odd-one"\ndependencies = ["httpx>=0.28"]\n'
    )
    monkeypatch.setattr(dependencies, "ROOT", tmp_path)
    assert list(dependencies.contradictions("odd", {})) == [
        "odd/src/odd_one/__init__.py imports numpy, which odd-one does not declare",
        "odd-one declares httpx and never imports it",
    ]
