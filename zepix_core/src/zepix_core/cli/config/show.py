"""``zepix config show``."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from zepix_core.cli.options import format_option, home_option
from zepix_core.config.home import Home
from zepix_core.errors import ZepixError

COLUMNS = ("key", "value", "source")


class NoSuchPlugin(ZepixError):
    """Neither the host nor a plugin goes by that name."""

    exit_code = 1


@click.command()
@click.argument("name", default="host")
@home_option
@format_option
def command(home: Home, shape: str, name: str) -> None:
    """Show the settings in force, secrets masked.

    NAME is host, or the id of a plugin: then its file over the defaults its worker told last.
    """
    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_rows

    print_rows(setting_rows(existing(home), name), COLUMNS, shape, "No settings.")


def setting_rows(home: Home, name: str) -> list[dict[str, Any]]:
    """Every key with its effective value and where it comes from (default or the file).

    Raises:
        NoSuchPlugin: Nothing of that name is installed, ran here, or has a file.
    """
    from zepix_core.cli.plugin_names import known_ids, near
    from zepix_core.config.files import load_settings, merged
    from zepix_core.config.notify import without_addresses
    from zepix_core.config.plugin_files import known_defaults, plugin_ids, read_plugin_file
    from zepix_core.config.secrets import mask_known, masked
    from zepix_core.config.structure import to_plain
    from zepix_core.errors import SettingsError

    loaded = load_settings(home)
    if name == "host":
        document, values = loaded.document, without_addresses(to_plain(loaded.settings))
    else:
        known = known_ids(home)
        if name not in known and name not in plugin_ids(home):
            raise NoSuchPlugin(f"There is no plugin {name}.", near(name, {"host", *known}))
        document = read_plugin_file(home, name, loaded.variables)
        if document.faults:
            raise SettingsError(f"{document.name} has mistakes.", "Correct them.", document.faults)
        values = merged(known_defaults(home, name), document.data)
    shown = mask_known(masked(values), home.env)
    written = dict(_flat(document.data, ()))
    return [
        {
            "key": ".".join(part.replace(".", "\\.") for part in path),
            "value": value,
            "source": document.name if path in written else "default",
        }
        for path, value in _flat(shown, ())
    ]


def _flat(data: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, (*path, str(key)))
        else:
            yield (*path, str(key)), value
