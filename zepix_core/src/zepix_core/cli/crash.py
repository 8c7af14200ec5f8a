"""Where the details of an unexpected error go."""

import contextlib
import traceback
from pathlib import Path

from zepix_core.config.home import find_home
from zepix_core.logs import mask


def write_crash(error: Exception) -> Path | None:
    """Append the traceback, secrets masked, to ``logs/crash.log`` of the home; ``None`` when that fails."""
    import click

    context = click.get_current_context(silent=True)
    given = context.obj if context is not None and isinstance(context.obj, str) else None
    with contextlib.suppress(OSError):
        home = find_home(given)
        if home.logs.is_dir():
            path = home.logs / "crash.log"
            with path.open("a", encoding="utf-8") as file:
                file.write(mask("".join(traceback.format_exception(error))) + "\n")
            return path
    return None
