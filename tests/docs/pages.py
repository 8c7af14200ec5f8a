"""The pages people read, and the blocks of code in them."""

import re
from collections.abc import Iterator
from pathlib import Path

import attrs

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TUTORIAL = DOCS / "getting-started.md"
PAGES = tuple(
    sorted(
        [ROOT / "README.md", *DOCS.glob("*.md"), *DOCS.glob("reference/*.md"), *ROOT.glob("*/*/README.md")]
    )
) + tuple(sorted(ROOT.glob("zepix_*/README.md")))

_FENCE = re.compile(r"^```(\w*)(?: title=\"([^\"]*)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"<!-- (.+?) -->")


@attrs.frozen(kw_only=True)
class Block:
    """One fenced block.

    Attributes:
        title: A file's name, when the block is the content of a file.
        marks: The comments right above it, such as ``output varies``.
    """

    page: Path
    line: int
    language: str
    title: str
    code: str
    marks: tuple[str, ...]

    @property
    def place(self) -> str:
        """``docs/why.md:12``."""
        return f"{name_of(self.page)}:{self.line}"

    def marked(self, word: str) -> bool:
        """Whether a comment above it starts so."""
        return any(mark.startswith(word) for mark in self.marks)


def name_of(page: Path) -> str:
    """The page's path from the root of the repository."""
    return page.relative_to(ROOT).as_posix()


def read(page: Path | str) -> str:
    """The text of a page, by its path or its name in the docs."""
    return (DOCS / page if isinstance(page, str) else page).read_text("utf-8")


def blocks(page: Path) -> Iterator[Block]:
    """All fenced blocks of a page, in their order."""
    text = read(page)
    for found in _FENCE.finditer(text):
        above: list[str] = []
        for line in reversed(text[: found.start()].rstrip("\n").split("\n")):
            if not (mark := _MARK.fullmatch(line)):
                break
            above.append(mark[1])
        yield Block(
            page=page,
            line=text.count("\n", 0, found.start()) + 1,
            language=found[1],
            title=found[2] or "",
            code=found[3],
            marks=tuple(above),
        )


def blocks_of(language: str) -> Iterator[Block]:
    """All blocks of a language, of all pages."""
    for page in PAGES:
        yield from (block for block in blocks(page) if block.language == language)
