"""Every console block runs, in the order of its page; what it shows comes out, where that is stable."""

from pathlib import Path

import pytest

from tests.docs.conftest import Tell
from tests.docs.pages import PAGES, ROOT, TUTORIAL, blocks, name_of
from tests.docs.terminal import RUN, Terminal, lines_of, play, runs

RUNNABLE = [
    page for page in PAGES if page != TUTORIAL and any(block.language == "console" for block in blocks(page))
]


@pytest.mark.parametrize("page", RUNNABLE, ids=name_of)
def test_every_console_block_of(page: Path, tmp_path: Path, tell: Tell) -> None:
    """On a home where nothing happened yet, with a host that runs."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "examples").symlink_to(ROOT / "examples")
    wanted = [block for block in blocks(page) if block.language == "console" and runs(block)]
    lines = [line for block in wanted for line in lines_of(block)]
    with Terminal(folder, tmp_path / "home") as terminal:
        if lines and not RUN.match(lines[0].command):
            terminal.start()
        count = play(page, terminal, folder)
    tell(f"{name_of(page)}: {count} commands run")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_block_that_does_not_run_says_why(page: Path) -> None:
    for block in blocks(page):
        assert block.language, f"{block.place}: a block without a language"
        for mark in block.marks:
            word, _, reason = mark.partition(": ")
            known = word in ("run", "test", "output varies") or (
                bool(reason) and word in ("not run", "exit 1")
            )
            assert known, f"{block.place}: {mark}"
