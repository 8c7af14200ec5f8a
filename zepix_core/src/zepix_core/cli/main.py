"""The ``zepix`` command: finds the command asked for, and turns errors into exit codes."""

import sys
from collections.abc import Sequence
from typing import Any

import click

from zepix_core import __version__
from zepix_core.cli.lazy import LazyGroup
from zepix_core.cli.tree import TREE
from zepix_core.errors import SettingsError, ZepixError

OUR_FAULT = 70
INTERRUPTED = 130


@click.pass_context
def _root(ctx: click.Context, /, home: str | None) -> None:
    ctx.obj = home


cli = LazyGroup(
    branch=TREE,
    package="zepix_core.cli",
    name="zepix",
    help="TradingView alerts in, explained and durable MetaTrader 5 orders out.",
    callback=_root,
    params=[
        click.Option(
            ["--home"],
            type=click.Path(readable=False),  # `Home` says what is wrong with it
            help="Home folder; else ZEPIX_HOME, else the user's data folder.",
        ),
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            help="Print the version and end.",
            callback=lambda ctx, _, asked: _print_version(ctx, asked),
        ),
    ],
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(ctx: click.Context, asked: bool) -> None:
    if asked:
        click.echo(f"zepix {__version__}")
        ctx.exit()


def run(arguments: Sequence[str]) -> int:
    """Carry out one command line and return its exit code (0, 1, 2, 3, 4, 70)."""
    try:
        result: Any = cli.main(args=list(arguments), prog_name="zepix", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except ZepixError as error:
        _show(error)
        return error.exit_code
    except BrokenPipeError:
        # The reader of our output is gone: nobody is left to tell.
        sys.stderr.close()
        return 0
    except Exception as error:
        _show_unexpected(error)
        return OUR_FAULT


def main() -> None:
    """Entry point of the ``zepix`` script."""
    sys.exit(run(sys.argv[1:]))


def _show(error: ZepixError) -> None:
    click.echo(f"Error: {error.message}", err=True)
    if isinstance(error, SettingsError):
        for fault in error.faults:
            click.echo(f"  {fault}", err=True)
    if error.hint:
        click.echo(error.hint, err=True)


def _show_unexpected(error: Exception) -> None:
    from zepix_core.cli.crash import write_crash

    click.echo(f"Error: {type(error).__name__}: {error}", err=True)
    where = write_crash(error)
    told = f" Details are in {where}." if where else ""
    click.echo(f"This is a fault of Zepix, not of yours.{told} Please report it.", err=True)
