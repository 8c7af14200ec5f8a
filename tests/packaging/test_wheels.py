"""What the wheels hold, what they say of themselves, and that they work without the sources."""

import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from importlib.metadata import EntryPoint, PathDistribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
SOURCES = {
    "zepix-core": ROOT / "zepix_core",
    "zepix-plugins-v3": ROOT / "zepix_plugins_v3",
    "zepix-plugins-v6": ROOT / "zepix_plugins_v6",
    "zepix-bracket": ROOT / "examples" / "zepix-bracket",
}
EVERY = pytest.mark.parametrize("name", SOURCES)
PLUGINS = pytest.mark.parametrize("name", [name for name in SOURCES if name != "zepix-core"])


@pytest.fixture(scope="session")
def unpacked(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each wheel unpacked into a folder of its own."""
    folders = {}
    for name, wheel in wheels.items():
        folders[name] = tmp_path_factory.mktemp(name)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folders[name])
    return folders


def distribution(folder: Path) -> PathDistribution:
    (info,) = folder.glob("*.dist-info")
    return PathDistribution(info)


def metadata(folder: Path) -> Message:
    return Parser().parsestr(str(distribution(folder).read_text("METADATA")))


def package_files(name: str) -> Iterator[str]:
    """Paths a wheel must hold: everything inside the package but what tools wrote there."""
    source = SOURCES[name] / "src"
    for path in source.rglob("*"):
        inside = path.relative_to(source)
        if path.is_file() and not any(part == "__pycache__" or part[0] == "." for part in inside.parts):
            yield inside.as_posix()


@EVERY
def test_a_wheel_holds_the_package_whole_and_nothing_else(name: str, unpacked: dict[str, Path]) -> None:
    held = {
        path.relative_to(unpacked[name]).as_posix() for path in unpacked[name].rglob("*") if path.is_file()
    }
    inside = {path for path in held if ".dist-info/" not in path}
    assert inside == set(package_files(name))


@EVERY
def test_a_wheel_is_typed_licensed_and_pure(
    name: str, wheels: dict[str, Path], unpacked: dict[str, Path]
) -> None:
    assert wheels[name].name.endswith("-py3-none-any.whl")
    assert list(unpacked[name].glob("*/py.typed"))
    assert list(unpacked[name].glob("*.dist-info/licenses/LICENSE"))


@EVERY
def test_a_wheel_says_who_it_is(name: str, unpacked: dict[str, Path]) -> None:
    fields = metadata(unpacked[name])
    project = tomllib.loads((SOURCES[name] / "pyproject.toml").read_text("utf-8"))["project"]
    assert (fields["Name"], fields["Version"]) == (name, project["version"])
    assert fields["Requires-Python"] == ">=3.11"
    assert fields["License-Expression"] == "MIT"


@PLUGINS
def test_a_plugin_needs_the_core_and_nothing_else(name: str, unpacked: dict[str, Path]) -> None:
    (only,) = (Requirement(text) for text in metadata(unpacked[name]).get_all("Requires-Dist", []))
    assert only.name == "zepix-core"
    assert only.specifier.contains("5.0.0") and not only.specifier.contains("6.0.0")


def test_metatrader_is_an_extra_for_windows(unpacked: dict[str, Path]) -> None:
    needs = [Requirement(text) for text in metadata(unpacked["zepix-core"]).get_all("Requires-Dist", [])]
    (mt5,) = [need for need in needs if need.name.lower() == "metatrader5"]
    assert mt5.marker is not None
    assert mt5.marker.evaluate({"sys_platform": "win32", "extra": "mt5"})
    assert not mt5.marker.evaluate({"sys_platform": "linux", "extra": "mt5"})
    assert not mt5.marker.evaluate({"sys_platform": "win32", "extra": ""})


def test_the_core_depends_on_no_heavy_array_library(unpacked: dict[str, Path]) -> None:
    needs = {Requirement(text).name for text in metadata(unpacked["zepix-core"]).get_all("Requires-Dist", [])}
    assert not needs & {"numpy", "pandas", "polars", "orjson"}


@pytest.mark.parametrize(
    ("name", "group", "entry", "value"),
    [
        ("zepix-core", "console_scripts", "zepix", "zepix_core.cli.main:main"),
        ("zepix-core", "pytest11", "zepix", "zepix_core.testing.fixtures"),
        ("zepix-plugins-v3", "zepix.plugins", "combined_v3", "zepix_plugins_v3.plugin:CombinedV3"),
        ("zepix-plugins-v6", "zepix.plugins", "price_action_1m", "zepix_plugins_v6.plugin:PriceAction1m"),
        ("zepix-plugins-v6", "zepix.plugins", "price_action_1h", "zepix_plugins_v6.plugin:PriceAction1h"),
        ("zepix-bracket", "zepix.plugins", "bracket", "zepix_bracket.plugin:Bracket"),
    ],
)
def test_a_wheel_declares_its_entry_points(
    name: str, group: str, entry: str, value: str, unpacked: dict[str, Path]
) -> None:
    assert EntryPoint(entry, value, group) in distribution(unpacked[name]).entry_points


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("zepix-core", "zepix_core/demo/v3_alerts.jsonl"),
        ("zepix-plugins-v3", "zepix_plugins_v3/migrations/*.sql"),
        ("zepix-plugins-v6", "zepix_plugins_v6/migrations/*.sql"),
    ],
)
def test_a_wheel_holds_its_data_files(name: str, pattern: str, unpacked: dict[str, Path]) -> None:
    assert list(unpacked[name].glob(pattern))


IMPORT = """
import importlib.metadata, sys
sys.path[:0] = sys.argv[2:]
for entry in importlib.metadata.distributions(path=sys.argv[2:]):
    for point in entry.entry_points:
        target = point.load()
        home = sys.modules[point.module].__file__
        assert home.startswith(tuple(sys.argv[2:])), home
import zepix_core
assert zepix_core.__file__.startswith(sys.argv[2]), zepix_core.__file__
print("fine")
"""


@EVERY
def test_a_wheel_works_without_any_source_and_without_the_other_plugins(
    name: str, unpacked: dict[str, Path]
) -> None:
    folders = [str(unpacked["zepix-core"])] + ([] if name == "zepix-core" else [str(unpacked[name])])
    done = subprocess.run(
        [sys.executable, "-I", "-c", IMPORT, "-", *folders],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "fine\n", done.stderr
