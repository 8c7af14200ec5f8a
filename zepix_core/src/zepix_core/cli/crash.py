"""Where the details of an unexpected error go."""

import contextlib
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from zepix_core.config.home import find_home
from zepix_core.logs import mask


def named_home(arguments: Sequence[str]) -> str | None:
    """The home that the command line names, wherever ``--home`` stands: the command itself is over by now."""
    found = None
    for number, argument in enumerate(arguments):
        if argument.startswith("--home="):
            found = argument.partition("=")[2]
        elif argument == "--home" and number + 1 < len(arguments):
            found = arguments[number + 1]
    return found


def write_crash(error: Exception) -> Path | None:
    """Append the traceback, secrets masked, to ``logs/crash.log`` of the home; ``None`` when that fails."""
    import click

    context = click.get_current_context(silent=True)
    given = context.obj if context is not None and isinstance(context.obj, str) else None
    given = named_home(sys.argv[1:]) or given
    with contextlib.suppress(OSError):
        home = find_home(given)
        if home.logs.is_dir():
            path = home.logs / "crash.log"
            with path.open("a", encoding="utf-8") as file:
                file.write(mask("".join(traceback.format_exception(error))) + "\n")
            return path
    return None
