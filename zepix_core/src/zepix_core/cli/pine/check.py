"""``zepix pine check``."""

import json
import sys
from pathlib import Path

import click

from zepix_core.cli.options import home_option
from zepix_core.config.home import Home
from zepix_core.errors import UsageError
from zepix_core.pine.world import World


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@home_option
@click.option(
    "--format",
    "shape",
    type=click.Choice(("table", "json")),
    default="table",
    show_default=True,
    help="How to print.",
)
@click.option(
    "--sample", is_flag=True, help="Print only an alert that is taken; findings go to standard error."
)
@click.option(
    "--box", is_flag=True, help="The message stands in an alert's message box: TradingView fills in {{…}}."
)
def command(home: Home, file: Path, shape: str, sample: bool, box: bool) -> int:
    """Check a Pine script or an alert's text.

    FILE is a script, a text file with one message, or - for standard input. Every finding has its line and
    column. Ends with 1 when alerts would fail, or when --sample has none to print.
    """
    from zepix_core.clock import SystemClock
    from zepix_core.pine.check import check_message, check_script, is_script
    from zepix_core.pine.report import as_row, as_text

    text, name = read_text(file), str(file) if str(file) != "-" else "<stdin>"
    world, now = known_world(home), SystemClock().now_ns()
    if file.suffix == ".pine" or is_script(text):
        report = check_script(text, world, now)
    else:
        report = check_message(text, world, now, box)
    fine = report.fine and (report.sample is not None or not sample)
    if shape == "json":
        click.echo(json.dumps({"file": name, **as_row(report)}, indent=2, ensure_ascii=False))
    elif not sample:
        click.echo(as_text(report, name))
    else:
        if report.findings:
            click.echo(as_text(report, name), err=True)
        if report.sample is None:
            click.echo(f"No sample is printed: {report.no_sample}.", err=True)
        else:
            click.echo(report.sample)
    return 0 if fine else 1


def read_text(file: Path) -> str:
    """The file, or standard input.

    Raises:
        UsageError: It is not UTF-8 text.
    """
    data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        where = f"byte {error.start + 1}, in line {line} at column {column}"
        raise UsageError(f"The text is not UTF-8: {where}.", "Save it as UTF-8.") from None


def known_world(home: Home) -> World:
    """What the plugins take, as the home remembers it, else as the installed distributions name them."""
    from zepix_core.config.plugin_files import remembered
    from zepix_core.pine.world import world_of
    from zepix_core.plugins import book
    from zepix_core.plugins.discovery import discover

    installed = [plugin for distribution in discover() for plugin in distribution.usable]
    hellos = book.remembered(home.data / book.HELLOS_FILE).values()
    feeds = {hello.id: tuple(hello.alerts) for hello in hellos if hello.feed}
    groups = {hello.id: hello.database_group for hello in hellos if not hello.feed}
    return world_of(remembered(home), installed, feeds, groups)
