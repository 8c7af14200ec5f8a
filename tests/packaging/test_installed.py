"""The four distributions side by side, as a user has them."""

import json
from pathlib import Path

import pytest

from zepix_core.cli.main import run


@pytest.mark.parametrize("shape", ["table", "json"])
def test_a_stopped_home_lists_the_installed_plugins(
    shape: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(tmp_path / "home")]
    assert run(["init", *home]) == 0
    capsys.readouterr()
    assert run(["plugins", "list", "--format", shape, *home]) == 0
    told = capsys.readouterr().out
    names = {row["id"] for row in json.loads(told)} if shape == "json" else set(told.split())
    assert {"combined_v3", "bracket"} <= names
