"""The wheels of all distributions, built once."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Project name to its wheel."""
    folder = tmp_path_factory.mktemp("wheels")
    built = {}
    for name, source in PROJECTS.items():
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / name)]
        subprocess.run(command, cwd=ROOT / source, check=True, capture_output=True, timeout=120)
        (built[name],) = (folder / name).glob("*.whl")
    return built


PROJECTS = {
    "zepix-core": "zepix_core",
    "zepix-plugins-v3": "zepix_plugins_v3",
    "zepix-plugins-v6": "zepix_plugins_v6",
    "zepix-bracket": "examples/zepix-bracket",
}
