"""A host whose loop hangs: no sign of life, so it ends itself, and the supervisor starts it again."""

import time
from pathlib import Path

import pytest

from zepix_core.testing.process import RunningHost

PROJECT = """
[project]
name = "hanger"
version = "1.0"
[project.entry-points."zepix.plugins"]
hanger = "hanger:Hanger"
"""
PLUGIN = """
import pathlib
import time
from zepix_core import AlertClass, LogicPlugin, hookimpl

ONCE = pathlib.Path(__file__).with_name("once")


class Hanger(LogicPlugin):
    name = "Hanger"
    alerts = {"hang": AlertClass.INFO}

    @hookimpl
    def on_alert(self, alert, api):
        if not ONCE.exists():
            ONCE.touch()
            time.sleep(300)
"""
LEAST_USEC = "10000000"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "hanger"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "hanger.py").write_text(PLUGIN)
    return folder


def test_a_held_loop_ends_the_host_which_starts_again_and_finishes_the_alert(
    tmp_path: Path, project: Path
) -> None:
    host = RunningHost(tmp_path / "home", env={"WATCHDOG_USEC": LEAST_USEC})
    with host.start("--inline", "--supervised", "--plugin-dev", str(project)):
        first = host.ports()["pid"]
        assert host.post('{"type": "hang", "id": "1"}').status == 200
        until = time.monotonic() + 60
        while "The host ended with code 70" not in host.output() or host.ports().get("pid") == first:
            assert time.monotonic() < until, host.output()
            time.sleep(0.2)
        host.wait_ready()
        (row,) = host.settled()
    assert row["state"] == "done"
