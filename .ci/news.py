"""Read the fragments of the next changelog entries; given BASE, what differs from it needs one.

usage: python -I news.py [BASE]    (BASE: a commit or branch to compare with, such as origin/main)
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("zepix_core", "zepix_plugins_v3", "zepix_plugins_v6", "examples/zepix-bracket")
NAME = re.compile(r"(\+[a-z0-9-]+|\d+)\.(added|changed|fixed|removed)(\.\d+)?\.md")


def output(*command: str) -> str:
    """What a command printed; it has to end well."""
    return subprocess.run(  # noqa: S603
        command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=120
    ).stdout


def mistakes(folder: str, base: str) -> list[str]:
    """What is wrong with the news of one distribution."""
    fragments = [
        path for path in sorted((ROOT / folder / "newsfragments").iterdir()) if path.name != "README.md"
    ]
    found = [
        f"{path.relative_to(ROOT)}: no name of a fragment"
        for path in fragments
        if not NAME.fullmatch(path.name)
    ]
    texts = {path: path.read_text("utf-8").strip() for path in fragments}
    found += [
        f"{path.relative_to(ROOT)}: has to be one line that ends with a full stop"
        for path, text in texts.items()
        if "\n" in text or not text.endswith(".")
    ]
    entry = output(
        sys.executable, "-m", "towncrier", "build", "--draft", "--version", "NEXT",
        "--dir", folder, "--config", f"{folder}/pyproject.toml",
    )  # fmt: skip
    found += [
        f"{path.relative_to(ROOT)}: is not in the next entry"
        for path, text in texts.items()
        if text not in entry
    ]
    if base:
        changed = output("git", "diff", "--name-only", f"{base}...HEAD", "--", folder).split()
        told = any("/newsfragments/" in name or name.endswith("CHANGELOG.md") for name in changed)
        if not told and any("/src/" in name for name in changed):
            found.append(f"{folder}: its source differs from {base} and no fragment says so")
    return found


def main(base: str) -> int:
    """Print each mistake, then how much news there is."""
    wrong = [text for folder in FOLDERS for text in mistakes(folder, base)]
    print("\n".join(wrong), end="\n" if wrong else "")
    for folder in FOLDERS:
        name = tomllib.loads((ROOT / folder / "pyproject.toml").read_text("utf-8"))["project"]["name"]
        count = len(list((ROOT / folder / "newsfragments").iterdir())) - 1
        print(f"{name:<17} {count} fragment(s) for the next entry{f', compared with {base}' if base else ''}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
