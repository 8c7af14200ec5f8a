"""``zepix audit export``."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from zepix_core.cli.options import home_option
from zepix_core.config.home import Home
from zepix_core.errors import SettingsError, StorageError, UsageError

DATE_LENGTH = 10


@click.command()
@click.option(
    "--from", "since", metavar="TIME", help="First moment: a date or a time, UTC unless it says more."
)
@click.option("--to", "until", metavar="TIME", help="Last date, which is whole; or the time at which to end.")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write; else standard output."
)
@home_option
def command(home: Home, since: str | None, until: str | None, output: Path | None) -> int:
    """Write the records of the chain as lines of JSON.

    They come in the order they were written. The journal is only read; a host may run. Their hashes are not
    checked: see audit verify.
    """
    import sqlite3

    from zepix_core.cli.options import existing
    from zepix_core.cli.source import HINT, damaged
    from zepix_core.journal.audit import line, records
    from zepix_core.storage.connection import open_reader

    existing(home)
    begin, end = _moment(since, 0), _moment(until, 1)
    if not home.journal_db.exists():
        click.echo("No journal yet.", err=True)
        return 0
    try:
        connection = open_reader(home.journal_db)
    except StorageError as error:
        raise SettingsError(error.message, HINT) from error
    count = 0
    try:
        target = output.open("w", encoding="utf-8", newline="\n") if output is not None else sys.stdout
        try:
            span = {"since_ns": begin} if begin is not None else {}
            span |= {"until_ns": end} if end is not None else {}
            for record in records(connection, **span):
                target.write(f"{line(record)}\n")
                count += 1
        finally:
            if output is not None:
                target.close()
    except sqlite3.DatabaseError as error:
        raise damaged(home.journal_db, error) from error
    except OSError as error:
        if output is None:
            raise
        raise UsageError(f"{output} cannot be written: {error.strerror}.", "Name another file.") from error
    finally:
        connection.close()
    if output is not None:
        click.echo(f"{count} records in {output}")
    return 0


def _moment(text: str | None, days: int) -> int | None:
    """A moment as UTC nanoseconds; a date alone is its beginning, ``days`` later."""
    from zepix_core.clock import nanoseconds

    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is neither a date nor a time.", "Write 2026-01-05, or 2026-01-05T14:30:00Z."
        ) from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    whole = len(text) <= DATE_LENGTH and days
    return nanoseconds(found + timedelta(days=days) if whole else found)
