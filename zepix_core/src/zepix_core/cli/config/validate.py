"""``zepix config validate``."""

import click

from zepix_core.cli.options import home_option
from zepix_core.config.home import Home


@click.command()
@home_option
def command(home: Home) -> None:
    """Check every settings file.

    All mistakes are named at once, with file, line and key. Ends with 4 when there are any.
    """
    from zepix_core.cli.options import existing
    from zepix_core.cli.plugin_names import stray_files
    from zepix_core.config.document import read_document
    from zepix_core.config.files import judge, settings_fault
    from zepix_core.config.plugin_files import plugin_file_faults
    from zepix_core.config.secrets import environment

    variables = environment(existing(home).env)
    path = home.settings_file
    loaded, faults = judge(read_document(path, path.name, variables), variables, {})
    faults += (*plugin_file_faults(home, variables), *stray_files(home))
    if faults or loaded is None:
        raise settings_fault(faults)
    for warning in loaded.warnings:
        click.echo(f"Warning: {warning}", err=True)
    click.echo("All settings are valid.")
