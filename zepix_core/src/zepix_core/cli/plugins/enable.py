"""``zepix plugins enable``."""

import click

from zepix_core.cli.options import format_option, home_option
from zepix_core.config.home import Home


@click.command()
@click.argument("name")
@home_option
@format_option
def command(home: Home, shape: str, name: str) -> None:
    """Let a plugin run.

    One that pip brought newly, that was switched off, or that is quarantined. NAME is a plugin's id or its
    distribution's name. Its code runs with your rights from then on. Of a stopped host it is written down
    for the next start.
    """
    from zepix_core.cli import columns
    from zepix_core.cli.client import find_host
    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_rows
    from zepix_core.cli.plugins.list import COLUMNS

    client = find_host(existing(home))
    if client is not None:
        rows = client.post(f"plugins/{name}/toggle", {"enabled": True})
    else:
        from zepix_core.cli.plugin_switch import switch_files

        rows = switch_files(home, name, True)
    print_rows(rows, COLUMNS, shape, "No plugin has that name.", columns.PLUGINS)
