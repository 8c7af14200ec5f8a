"""``zepix config validate``."""

import click

from zepix_core.cli.options import home_option
from zepix_core.config.home import Home


@click.command()
@home_option
def command(home: Home) -> None:
    """Check every settings file.

    All mistakes are named at once, with file, line and key. Ends with 4 when there are any. Of a plugin that
    has not run in this home only the form of its file is known: that is said.
    """
    from zepix_core.cli.options import existing
    from zepix_core.cli.settings_check import check_settings
    from zepix_core.config.files import settings_fault

    checked = check_settings(existing(home))
    for told in checked.partly:
        click.echo(told, err=True)
    if checked.host or checked.plugins or checked.loaded is None:
        raise settings_fault((*checked.host, *checked.plugins))
    for warning in checked.loaded.warnings:
        click.echo(f"Warning: {warning}", err=True)
    click.echo("All settings are valid.")
