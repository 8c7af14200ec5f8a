"""Asks a person; a script has decided already."""

import sys

import click


def confirmed(question: str, yes: bool) -> bool:
    """True without asking for ``--yes``, and off a terminal, where nobody could answer."""
    return yes or not sys.stdin.isatty() or click.confirm(question, default=False)
