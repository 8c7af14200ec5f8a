"""``zepix plugins disable``."""

import click

from zepix_core.cli.options import format_option, home_option
from zepix_core.config.home import Home


@click.command()
@click.argument("name")
@home_option
@format_option
def command(home: Home, shape: str, name: str) -> None:
    """Ask a plugin no more; its positions keep their stops.

    They stay open; close them with `zepix positions close`. NAME is a plugin's id or its distribution's name.
    Of a stopped host it is written down for the next start.
    """
    from zepix_core.cli import columns
    from zepix_core.cli.client import find_host
    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_rows
    from zepix_core.cli.plugin_names import open_counts
    from zepix_core.cli.plugins.list import COLUMNS

    client = find_host(existing(home))
    if client is not None:
        rows = client.post(f"plugins/{name}/toggle", {"enabled": False})
    else:
        from zepix_core.cli.plugin_switch import switch_files

        rows = switch_files(home, name, False)
    print_rows(rows, COLUMNS, shape, "No plugin has that name.", columns.PLUGINS)
    held = open_counts(home)
    for row in rows:
        if count := held.get(row["id"], 0):
            click.echo(
                f"{row['id']} has {count} open: they stay with their stops, and its exits are not handled."
                " `zepix positions close` closes one.",
                err=True,
            )
