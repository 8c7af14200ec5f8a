"""Fail unless each named package is imported from this environment's site-packages.

usage: python -I from_wheel.py PACKAGE...
"""

import importlib
import sys
import sysconfig


def main(names: list[str]) -> int:
    """1 with a line for each package that comes from elsewhere."""
    installed = sysconfig.get_path("purelib")
    strangers = [
        f"{name} comes from {origin}, not from its wheel"
        for name in names
        if not (origin := str(importlib.import_module(name).__file__)).startswith(installed)
    ]
    print("\n".join(strangers), end="\n" if strangers else "")
    return 1 if strangers else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
