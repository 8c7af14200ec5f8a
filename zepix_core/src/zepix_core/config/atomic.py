"""Files written whole or not at all."""

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from zepix_core.errors import SettingsError

PRIVATE = 0o600


def write_atomic(path: Path, text: str, mode: int | None = None) -> None:
    """Write ``text``: a temporary file beside it, fsync, rename over. Keeps the file's mode.

    Args:
        mode: Permissions to give instead.

    Raises:
        SettingsError: The file cannot be written; the old one stands as it was.
    """
    try:
        keep = mode if mode is not None else _mode_of(path)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(keep)
            temporary.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be written: {error.strerror or error}.", "Check its owner and free disk space."
        ) from error


def write_private(path: Path, text: str) -> None:
    """As `write_atomic`, readable by the owner alone (on Windows: as the folder's rights say)."""
    write_atomic(path, text, PRIVATE)


def _mode_of(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return 0o644
