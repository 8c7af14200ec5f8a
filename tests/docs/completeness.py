"""What a reference page must hold, held against its text."""

import re
from collections.abc import Mapping
from pathlib import Path

import attrs

from tests.docs.pages import DOCS

_NOISE = re.compile(r"[\s`'\"\\]")


@attrs.frozen(kw_only=True)
class Check:
    """One page (or a part of it) against one list of the code.

    Attributes:
        page: Name of the page in the docs.
        expected: Each item, with the texts its entry must hold.
        rows: The items are rows of tables, named in their first cell; else sections of their own.
        within: Heading of the part that is looked at; empty: the whole page.
    """

    name: str
    page: str
    expected: Mapping[str, tuple[str, ...]]
    rows: bool = True
    within: str = ""

    @property
    def path(self) -> Path:
        return DOCS / self.page

    def missing(self, text: str) -> dict[str, list[str]]:
        """Items without an entry (as themselves), or what their entries lack."""
        found: dict[str, list[str]] = {}
        for item, needed in self.expected.items():
            entry = self.entry(text, item)
            holds = plain(entry)
            lacking = [item] if not entry else [part for part in needed if plain(part) not in holds]
            if lacking:
                found[item] = lacking
        return found

    def entry(self, text: str, item: str) -> str:
        """The rows or the section of an item; empty when there is none."""
        part = section(text, self.within) if self.within else text
        if not self.rows:
            return section(part, f"### {item}")
        lines = (line for line in part.splitlines() if line.startswith("| "))
        return "\n".join(line for line in lines if f"`{item}`" in re.split(r"(?<!\\)\|", line)[1])

    def without(self, text: str, item: str) -> str:
        """The page with that item's entry taken out."""
        entry = self.entry(text, item)
        part = changed = section(text, self.within) if self.within else text
        for piece in entry.splitlines(keepends=True) if self.rows else [entry]:
            changed = changed.replace(piece.rstrip("\n") + "\n", "", 1)
        return text.replace(part, changed, 1)

    def emptied(self, text: str, item: str) -> str:
        """The page with that item still named, and nothing said of it."""
        entry = self.entry(text, item)
        first = f"| `{item}` |" if self.rows else f"### {item}\n"
        part = section(text, self.within) if self.within else text
        return text.replace(part, part.replace(entry, first, 1), 1)


def plain(text: str) -> str:
    """Text without what is set differently here and there: spaces, quotes, a last comma."""
    return _NOISE.sub("", text).replace(",)", ")")


def section(text: str, heading: str) -> str:
    """From a heading to the next one that is not below it; empty when there is none."""
    level = len(heading.split(" ")[0])
    found = re.search(rf"^{re.escape(heading)}\n.*?(?=^#{{1,{level}}} |\Z)", text, re.MULTILINE | re.DOTALL)
    return found[0] if found else ""
