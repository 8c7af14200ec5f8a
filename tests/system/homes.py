"""Homes that a test can trade in on any day."""

from pathlib import Path

ALWAYS_OPEN = "[paper]\nmarket_always_open = true\n"


def always_open(home: Path, more: str = "") -> Path:
    """A home whose paper market never closes, so that tests pass on a Sunday too."""
    home.mkdir(parents=True)
    (home / "zepix.toml").write_text(ALWAYS_OPEN + more)
    return home
