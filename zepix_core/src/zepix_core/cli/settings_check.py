"""Every settings file of a home judged at once, for the commands that check or start."""

from collections.abc import Mapping
from typing import Any

import attrs

from zepix_core.cli.plugin_names import known_ids, stray_files
from zepix_core.config.document import read_document
from zepix_core.config.files import Loaded, judge
from zepix_core.config.home import Home
from zepix_core.config.plugin_files import known_schemas, plugin_file_faults, plugin_ids
from zepix_core.config.secrets import environment


@attrs.frozen(kw_only=True)
class Checked:
    """What was found.

    Attributes:
        loaded: The host's settings, ``None`` when its file has faults.
        host: Faults of the host's file; ``plugins``: of the plugins' files.
        partly: What could not be checked whole, a sentence each.
    """

    loaded: Loaded | None
    host: tuple[str, ...]
    plugins: tuple[str, ...]
    partly: tuple[str, ...]


def check_settings(home: Home, overrides: Mapping[str, Any] | None = None, strays: bool = True) -> Checked:
    """Check the host's file with ``overrides`` over it, and every plugin's; imports no plugin code.

    Args:
        strays: A file whose plugin is not installed is a fault.

    Raises:
        SettingsError: A file is there but cannot be read.
    """
    variables = environment(home.env)
    path = home.settings_file
    loaded, faults = judge(read_document(path, path.name, variables), variables, overrides or {})
    wrong = plugin_file_faults(home, variables)
    names = plugin_ids(home)
    schemas, known = known_schemas(home), known_ids(home) if names else frozenset[str]()
    partly = tuple(
        f"plugins/{home.plugin_file(name).name}: checked in part, its plugin has not run yet."
        for name in names
        if name in known and name not in schemas
    )
    return Checked(
        loaded=loaded,
        host=faults,
        plugins=(*wrong, *(stray_files(home) if strays and names else ())),
        partly=partly,
    )
