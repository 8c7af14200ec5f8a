"""What the README and the documentation say is what the code has."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import zepix_core
from zepix_core.api import ServiceAPI
from zepix_core.cli.tree import TREE, Branch
from zepix_core.hookspecs import HOOKS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("*/*/README.md"))]


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def commands(branch: Branch = TREE, above: str = "zepix") -> Iterator[str]:
    for name, entry in branch.items():
        if isinstance(entry, str):
            yield f"{above} {name}"
        else:
            yield from commands(entry[1], f"{above} {name}")


def methods() -> Iterator[str]:
    """Names on the API: its own, and those of its services that it shows."""
    yield from (name for name in vars(ServiceAPI) if not name.startswith("_") and name[0].islower())
    source = Path(inspect.getfile(ServiceAPI)).read_text("utf-8")
    yield from re.findall(r"self\.(\w+) = (?:orders|market|risk|trend)\.", source)


@pytest.mark.parametrize("mark", ["run", "test"])
def test_the_readme_marks_one_command_line(mark: str) -> None:
    found = re.findall(rf"^<!-- {mark} -->\n```\w*\n(.*?)\n```$", README, re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    assert "\n" not in found[0]


@pytest.mark.parametrize("command", list(commands()))
def test_every_command_is_documented(command: str) -> None:
    assert f"`{command}" in page("commands.md")


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_documented(hook: str) -> None:
    assert f"`{hook}(" in page("plugins.md")


@pytest.mark.parametrize("method", list(methods()))
def test_every_method_of_the_api_is_documented(method: str) -> None:
    assert re.search(rf"`{method}\b", page("plugins.md"))


def test_every_gate_code_is_documented() -> None:
    sources = (ROOT / "zepix_core/src/zepix_core/services").glob("*.py")
    codes = {
        code
        for source in sources
        for code in re.findall(
            r'(?:failed|passed|_flag|judge_?)\("\w+", "([A-Z_]+)"', source.read_text("utf-8")
        )
    }
    assert codes
    assert codes <= set(re.findall(r"`([A-Z_]+)`", page("alerts.md")))


def test_every_reason_of_v3_is_documented() -> None:
    sources = (ROOT / "zepix_plugins_v3/src/zepix_plugins_v3").glob("*.py")
    codes = {
        code
        for source in sources
        for code in re.findall(r'(?:code=|_Refused\()"([a-z_]+)"', source.read_text("utf-8"))
    }
    assert codes
    assert codes - {"not_v3", "plugin_disabled", "malformed_json", "unresolved_placeholder"} <= set(
        re.findall(r"`([a-z_0-9]+)`", page("alerts.md"))
    )


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_examples_import_from_the_core_is_there(path: Path) -> None:
    for names in re.findall(r"^from zepix_core import ([\w, ]+)$", path.read_text("utf-8"), re.MULTILINE):
        for name in names.split(","):
            assert name.strip() in zepix_core.__all__


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_python_block_compiles(path: Path) -> None:
    for block in re.findall(r"^```python\n(.*?)^```$", path.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        compile(block, str(path), "exec")
