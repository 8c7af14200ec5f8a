"""The site builds without a warning, fetches nothing, and its generated pages are what the code says."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.docs.conftest import Tell
from tests.docs.fact_checks import commands
from tests.docs.pages import DOCS, PAGES, ROOT, name_of, read

LOADED = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src"}


def test_the_generated_pages_are_up_to_date() -> None:
    command = [sys.executable, str(DOCS / "site/generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of the site, and what was said while it was built."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(DOCS / "site/mkdocs.yml")]
    done = subprocess.run(
        [*command, "-d", str(folder)],
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder, done.stdout + done.stderr


def test_the_site_builds_without_a_warning(built: tuple[Path, str], tell: Tell) -> None:
    folder, said = built
    assert not re.search(r"^(?:WARNING|ERROR)", said, re.MULTILINE), said
    pages = list(folder.rglob("index.html"))
    assert len(pages) >= len(list(DOCS.glob("*.md")))
    tell(f"site: {len(pages)} pages built")


class Loads(HTMLParser):
    """Addresses that a browser fetches by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag in LOADED and told.get("rel") != "canonical":
            self.found.append(told.get(LOADED[tag]) or "")


def test_no_page_fetches_anything_from_elsewhere(built: tuple[Path, str], tell: Tell) -> None:
    folder, _ = built
    count = 0
    for page in folder.rglob("*.html"):
        reader = Loads()
        reader.feed(page.read_text("utf-8"))
        count += len(reader.found)
        strangers = [address for address in reader.found if re.match(r"(?:\w+:)?//", address)]
        assert not strangers, f"{page.name}: {strangers}"
    for sheet in folder.rglob("*.css"):
        assert not re.search(r"url\([\"']?(?:https?:)?//|@import", sheet.read_text("utf-8")), sheet.name
    assert count
    tell(f"site: {count} resources looked at")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", read(page)):
        if "://" in target:
            continue
        file = page.parent / target if target else page
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file), f"{target}#{anchor}"


def anchors(file: Path) -> set[str]:
    """Names of a page's headings, as both GitHub and the site make them."""
    headings = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", text).strip().lower().replace(" ", "-") for text in headings}


@pytest.mark.parametrize("mark", ["run", "test"])
def test_the_readme_marks_one_command_line(mark: str) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    found = re.findall(rf"^<!-- {mark} -->\n```\w*\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    assert "\n" not in found[0]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_a_page_names_is_there(page: Path) -> None:
    known = commands()
    code = " | ".join(re.findall(r"`[^`\n]+`|^\$ .*$", read(page), re.MULTILINE))
    for words in re.findall(r"\bzepix ((?:[a-z]+ ?)+)", code):
        parts = words.removeprefix("zepix ").split()
        assert any(" ".join(parts[:n]) in known for n in (1, 2)), f"zepix {words}"
