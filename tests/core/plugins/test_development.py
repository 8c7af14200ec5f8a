from pathlib import Path

import pytest
from tests.core.plugins.conftest import SOURCES, Stage, alert

from zepix_core.errors import UsageError
from zepix_core.plugins.development import develop
from zepix_core.plugins.discovery import discover
from zepix_core.plugins.lockfile import read_lock
from zepix_core.plugins.states import PluginState

PROJECT = """
[project]
name = "Wild-One"
version = "0.1"
[project.entry-points."zepix.plugins"]
wild = "wild:Wild"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    source = tmp_path / "project" / "src"
    source.mkdir(parents=True)
    (source / "wild.py").write_text((SOURCES / "wild.py").read_text())
    (source.parent / "pyproject.toml").write_text(PROJECT)
    return source.parent


async def test_a_project_runs_from_its_source_beside_what_is_installed(stage: Stage, project: Path) -> None:
    stage.site.install("steady", {"steady": "steady:Steady"})
    stage.paths = (develop(project, stage.home.data),)
    host = await stage.open()
    assert stage.status("wild").distribution == "wild-one"
    assert (await host.deliver("wild", alert("fine"))).action == "lived"
    assert "wild-one" not in (read_lock(stage.home.lock_file) or {})
    assert stage.state("steady") is PluginState.ACTIVE


async def test_a_change_of_the_source_runs_after_a_reload(stage: Stage, project: Path) -> None:
    stage.paths = (develop(project, stage.home.data),)
    host = await stage.open()
    text = (project / "src" / "wild.py").read_text().replace('"lived"', '"lives again"')
    (project / "src" / "wild.py").write_text(text)
    develop(project, stage.home.data)
    await host.reload()
    assert (await host.deliver("wild", alert("fine"))).action == "lives again"


def test_a_new_version_replaces_the_metadata_of_the_old(tmp_path: Path, project: Path) -> None:
    develop(project, tmp_path)
    (project / "pyproject.toml").write_text(PROJECT.replace("0.1", "0.2"))
    folder = develop(project, tmp_path)
    (found,) = discover([folder])
    assert (found.version, found.development, found.usable) == ("0.2", True, {"wild": "wild:Wild"})


@pytest.mark.parametrize("text", [None, "[project]\nname = 'x'\n", "nonsense"])
def test_a_folder_without_plugins_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(UsageError):
        develop(tmp_path, tmp_path)
