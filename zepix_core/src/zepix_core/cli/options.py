"""Options that commands share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from zepix_core.config.home import Home, find_home
from zepix_core.errors import SettingsError

F = TypeVar("F", bound=Callable[..., Any])
FORMATS = ("table", "json", "json-lines")
NEWEST = 50


def home_option(function: F) -> F:
    """Add ``--home``; the command gets ``home`` as a `Home`."""
    return click.option(
        "--home",
        type=click.Path(readable=False),  # `Home` says what is wrong with it
        callback=_home,
        help="Home folder; else ZEPIX_HOME, else the user's data folder.",
    )(function)


def format_option(function: F) -> F:
    """Add ``--format``; the command gets ``shape``."""
    return click.option(
        "--format",
        "shape",
        type=click.Choice(FORMATS),
        default="table",
        show_default=True,
        help="How to print.",
    )(function)


def listing_options(function: F) -> F:
    """Add ``--home``, ``--format`` and ``--all``; the command gets ``home``, ``shape`` and ``everything``."""
    function = click.option(
        "--all", "everything", is_flag=True, help=f"All rows, not only the newest {NEWEST}."
    )(function)
    return home_option(format_option(function))


def _home(ctx: click.Context, _: click.Parameter, value: str | None) -> Home:
    above = ctx.find_root().obj
    return find_home(value or (above if isinstance(above, str) else None))


def existing(home: Home) -> Home:
    """The home when it is there.

    Raises:
        SettingsError: There is none, or it cannot be read.
    """
    if not home.exists():
        raise SettingsError(
            f"There is no Zepix home at {home.path}.",
            "Create it with `zepix init`, or name another with --home.",
        )
    return home


def refuse_while_live(home: Home, profile: str) -> None:
    """Keep the bench profile off a live account.

    Raises:
        SettingsError: The settings that are there say ``live = true``, or cannot be read.
    """
    from zepix_core.config.files import load_settings

    if profile == "bench" and load_settings(home).settings.live:
        raise SettingsError(
            "The profile bench is refused on a live account.", "Use another home folder for measuring."
        )
