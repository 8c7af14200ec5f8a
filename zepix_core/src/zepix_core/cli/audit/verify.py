"""``zepix audit verify``."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zepix_core.cli.options import format_option, home_option
from zepix_core.config.home import Home
from zepix_core.errors import UsageError

if TYPE_CHECKING:
    from zepix_core.journal.anchors import Anchor
    from zepix_core.journal.chain import ChainReport

LEAST_DIGITS = 8


@click.command()
@click.option(
    "--expect",
    "expected",
    metavar="SEQ:HASH",
    multiple=True,
    help="An event noted elsewhere, as this command or a notice named it; may be given again.",
)
@home_option
@format_option
def command(home: Home, shape: str, expected: tuple[str, ...]) -> int:
    """Recompute the journal's chain and say where it was changed.

    It is held against the notes beside it, the backups, and what --expect names: by those a cut end shows.
    The journal is only read; a host may run. Ends with 1 when the chain is not what it was.
    """
    import msgspec

    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_facts
    from zepix_core.cli.source import from_file
    from zepix_core.journal import anchors, chain

    existing(home)
    noted = [_parse(text) for text in expected]
    noted += [*anchors.read(home.anchors_file), *_of_backups(home)]
    report: list[ChainReport] = []

    def work(connection: sqlite3.Connection) -> None:
        report.append(chain.examine(connection, noted))

    from_file(home.journal_db, work)
    found = report[0] if report else chain.of_none(noted)
    facts = _facts(found)
    more = {"breaks": msgspec.to_builtins(found.breaks), "cuts": msgspec.to_builtins(found.cuts)}
    print_facts(facts if shape == "table" else {**facts, **more}, shape)
    if shape == "table":
        for line in _lines(found):
            click.echo(line)
    return 0 if found.sound else 1


def _facts(found: "ChainReport") -> dict[str, Any]:
    from zepix_core.journal import anchors

    return {
        "chain": "sound" if found.sound else "broken",
        "events": found.rows,
        "newest": anchors.shown(found.newest, bytes.fromhex(found.hash)),
        "written": found.at,
        "compared": found.compared,
    }


def _lines(found: "ChainReport") -> list[str]:
    lines = []
    for one in found.breaks:
        more = (
            f" So it is with {one.rows - 1} more right behind it."
            if one.what == "unfit" and one.rows > 1
            else ""
        )
        lines.append(f"{one.meaning}{more}")
    lines += [
        f"{cut.at}: a start found that events {cut.common + 1} to {cut.noted} were gone. A backup had been "
        "put back, or somebody had removed them."
        for cut in found.cuts
    ]
    return lines


def _of_backups(home: Home) -> "list[Anchor]":
    """The newest event of every backup of the journal."""
    from zepix_core.storage.backup import backups_of

    found = (_newest_of(backup.path) for backup in backups_of(home.journal_db, home.backups))
    return [anchor for anchor in found if anchor is not None]


def _newest_of(path: Path) -> "Anchor | None":
    from zepix_core.clock import iso
    from zepix_core.journal.anchors import Anchor

    query = "SELECT seq, hash, at_ns FROM journal_events ORDER BY seq DESC LIMIT 1"
    try:
        # A finished backup changes no more: it is read without making files beside it.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as backup:
            row = backup.execute(query).fetchone()
    except sqlite3.Error:
        return None
    return None if row is None else Anchor(seq=row[0], hash=row[1].hex(), at=iso(row[2]), where=path.name)


def _parse(text: str) -> "Anchor":
    from zepix_core.journal.anchors import Anchor

    seq, _, digest = text.partition(":")
    digits = digest.strip().lower()
    if not seq.isdecimal() or len(digits) < LEAST_DIGITS or set(digits) - set("0123456789abcdef"):
        raise UsageError(
            f"{text!r} names no event.",
            "Write SEQ:HASH with 8 digits of the hash or more, such as 120:3fa94c01.",
        )
    return Anchor(seq=int(seq), hash=digits, where="--expect")
