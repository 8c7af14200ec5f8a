"""Write the reference pages that are read from the code.

usage: python docs/site/generate.py [--check]    (--check: write nothing, 1 when a page is not up to date)
"""

import sys
import tomllib
from pathlib import Path

from code_pages import api_page, hooks_page
from fact_pages import commands_page, database_page, plugin_settings_page, settings_page

SITE = Path(__file__).parent
PAGES = SITE.parent / "reference"
MAKERS = {
    "hooks": hooks_page,
    "api": api_page,
    "settings": settings_page,
    "plugin_settings": plugin_settings_page,
    "commands": commands_page,
    "database": database_page,
}


def main(check: bool) -> int:
    """Make every page; tell which differ."""
    texts = tomllib.loads((SITE / "texts.toml").read_text("utf-8"))
    stale = []
    for name, make in MAKERS.items():
        path, text = PAGES / f"{name.replace('_', '-')}.md", make(texts[name])
        if not path.exists() or path.read_text("utf-8") != text:
            stale.append(path.name)
            if not check:
                path.write_text(text, "utf-8", newline="\n")
    verb = "is not up to date" if check else "written"
    print("\n".join(f"{name} {verb}" for name in stale) or "all pages are up to date")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
