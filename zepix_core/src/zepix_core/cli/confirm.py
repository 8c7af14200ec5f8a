"""Asks a person; where nobody can answer, only ``--yes`` says it."""

import sys

import click

from zepix_core.errors import UsageError


def confirmed(question: str, yes: bool) -> bool:
    """Whether ``--yes`` or a person at the terminal said so.

    Raises:
        UsageError: No ``--yes``, and nobody can be asked: the input is no terminal.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError(f"{question} Nobody can be asked: the input is no terminal.", "Say it with --yes.")
    return click.confirm(question, default=False)
