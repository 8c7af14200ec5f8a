"""A plugin project run from its source, as if it were installed (``zepix run --plugin-dev PATH``)."""

import hashlib
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from zepix_core.errors import UsageError
from zepix_core.plugins.discovery import DEVELOPMENT, GROUP


def develop(project: Path, data: Path) -> str:
    """Write metadata for the project into the data folder, without building or installing anything.

    Such a distribution runs without standing in ``zepix.lock``: naming it was a person's wish.

    Returns:
        The folder to hand to the plugins' host among its paths.

    Raises:
        UsageError: There is no ``pyproject.toml`` with a name and entry points there.
    """
    about = _read(project / "pyproject.toml").get("project", {})
    points = about.get("entry-points", {}).get(GROUP, {})
    name = about.get("name")
    if not isinstance(name, str) or not points:
        raise UsageError(
            f"{project} offers no plugins.",
            f'Its pyproject.toml needs a name and [project.entry-points."{GROUP}"].',
        )
    normal = str(canonicalize_name(name))
    site = data / "development" / normal
    if site.exists():
        shutil.rmtree(site)
    version = str(about.get("version", "0.dev0"))
    info = site / f"{normal.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    source = project / "src" if (project / "src").is_dir() else project
    lines = "".join(f"{key} = {value}\n" for key, value in points.items())
    _write(info / "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    _write(info / "entry_points.txt", f"[{GROUP}]\n{lines}")
    _write(info / "INSTALLER", f"{DEVELOPMENT}\n")
    _write(info / "RECORD", _record(source))
    _write(site / "project.pth", f"{source.absolute()}\n")
    return str(site)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(
            f"there is no {path}.", "Name the folder that holds the plugin's pyproject.toml."
        ) from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}.") from error


def _record(source: Path) -> str:
    """Names and digests of the Python files, so that a change is a change of the distribution."""
    rows = []
    for file in sorted(source.rglob("*.py")):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        rows.append(f"{file.relative_to(source).as_posix()},sha256={digest},{file.stat().st_size}\n")
    return "".join(rows)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
