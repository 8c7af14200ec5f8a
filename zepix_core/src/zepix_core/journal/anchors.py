"""Notes of how far the chain had come, kept beside the journal: what was cut off at its end shows by them.

Whoever can write all files of the home can write these, too; what was noted outside of this machine (the
notices that were sent name the newest event) cannot be changed from here.
"""

import logging
import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

import attrs
import msgspec

from zepix_core.clock import Clock, iso
from zepix_core.config.atomic import write_atomic
from zepix_core.config.home import Home
from zepix_core.errors import ZepixError
from zepix_core.journal import events, outbox
from zepix_core.model.notice import Notice, Priority
from zepix_core.storage.executor import Executor

log = logging.getLogger(__name__)
HOUR_SECONDS = 3600.0
MOST, KEPT = 4000, 2000
CUT = "chain_cut"
SHOWN = 32
_NEWEST = "SELECT seq, hash FROM journal_events ORDER BY seq DESC LIMIT 1"
_HASH = "SELECT hash FROM journal_events WHERE seq = ?"
_CUTS = "SELECT at_ns, payload FROM journal_events WHERE kind = ? ORDER BY seq"


@attrs.frozen(kw_only=True)
class Anchor:
    """The newest event at some moment. ``hash`` is hexadecimal, and may be a beginning of at least 8 digits.

    Attributes:
        at: ISO 8601 UTC, ``""`` when nobody knows; ``where``: who noted it.
    """

    seq: int
    hash: str
    at: str = ""
    where: str = ""

    def fits(self, found: bytes) -> bool:
        """The event with this number has this hash."""
        return found.hex().startswith(self.hash.lower())


@attrs.frozen(kw_only=True)
class Cut:
    """A start found the chain shorter than it was, or another one.

    What had been noted of events behind ``common``, up to ``until``, counts no more.
    """

    at: str
    common: int
    noted: int
    until: str

    def voids(self, anchor: Anchor) -> bool:
        """The anchor is of a part that is known to be gone."""
        return anchor.seq > self.common and bool(anchor.at) and anchor.at <= self.until


def newest(connection: sqlite3.Connection) -> tuple[int, bytes]:
    """Number and hash of the newest event; 0 and the root's when there is none."""
    row = connection.execute(_NEWEST).fetchone()
    return (0, events.ROOT) if row is None else (row[0], row[1])


def shown(seq: int, digest: bytes) -> str:
    """An event as people note it, and as ``zepix audit verify --expect`` takes it."""
    return f"{seq}:{digest.hex()[:SHOWN]}"


def cuts(connection: sqlite3.Connection) -> tuple[Cut, ...]:
    """What starts found of a chain that was cut, oldest first."""
    found: list[Cut] = []
    for at_ns, payload in connection.execute(_CUTS, (CUT,)):
        facts = msgspec.json.decode(payload)
        found.append(Cut(at=iso(at_ns), **{name: facts[name] for name in ("common", "noted", "until")}))
    return tuple(found)


def read(path: Path) -> tuple[Anchor, ...]:
    """What was noted, oldest first; lines that are not understood are left out."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    found: list[Anchor] = []
    for line in lines:
        try:
            found.append(msgspec.json.decode(line, type=Anchor))
        except (msgspec.MsgspecError, ValueError):
            continue
    return tuple(attrs.evolve(one, where=path.name) for one in found)


def valid(anchors: Iterable[Anchor], known: Sequence[Cut]) -> tuple[Anchor, ...]:
    """The anchors that still count."""
    return tuple(one for one in anchors if not any(cut.voids(one) for cut in known))


class Anchors:
    """Notes the newest event at the start, every hour and at the end, in ``data/anchors.jsonl``."""

    def __init__(self, home: Home, journal: Executor, clock: Clock) -> None:
        self._path, self._journal, self._clock = home.anchors_file, journal, clock

    async def start(self) -> None:
        """Hold the chain against what was noted before, and say so when something is gone."""
        before = read(self._path)
        found = await self._journal.read(lambda connection: _gone(connection, before))
        if found is not None:
            common, noted = found
            # The clock may have been set back since.
            until = max(iso(self._clock.now_ns()), *(one.at for one in before))
            await self._journal.run(lambda connection: self._tell(connection, common, noted, until))

    async def run(self) -> None:
        """Note it every hour, for ever."""
        while True:
            await self._clock.sleep(HOUR_SECONDS)
            await self.note()

    async def note(self) -> None:
        """Note the newest event; a note that cannot be made is missed by nobody who trades."""
        try:
            seq, digest = await self._journal.read(newest)
            self._add(Anchor(at=iso(self._clock.now_ns()), seq=seq, hash=digest.hex()))
        except (OSError, ZepixError, sqlite3.Error) as error:
            log.warning("how far the chain has come was not noted: %s", error)

    def _add(self, anchor: Anchor) -> None:
        facts = {"at": anchor.at, "seq": anchor.seq, "hash": anchor.hash}
        known = read(self._path)
        if len(known) >= MOST:
            lines = [{"at": one.at, "seq": one.seq, "hash": one.hash} for one in known[-KEPT:]]
            write_atomic(self._path, "".join(f"{_line(one)}\n" for one in lines))
        with self._path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(f"{_line(facts)}\n")
            file.flush()
            os.fsync(file.fileno())

    def _tell(self, connection: sqlite3.Connection, common: int, noted: int, until: str) -> None:
        facts = {"common": common, "noted": noted, "until": until}
        events.append(connection, self._clock, CUT, facts)
        text = (
            f"The journal is not the one it was: events {common + 1} to {noted} were noted and are gone. "
            "A backup was put back, or somebody removed them."
        )
        log.critical("%s", text)
        notice = Notice(type="journal_check", priority=Priority.CRITICAL, text=text, data=facts)
        outbox.put(connection, self._clock, notice)


def _gone(connection: sqlite3.Connection, noted: Sequence[Anchor]) -> tuple[int, int] | None:
    """The last event that is as it was noted and the highest that is not, ``None`` when all are."""
    counted = valid(noted, cuts(connection))
    wrong = [one.seq for one in counted if not _holds(connection, one)]
    if not wrong:
        return None
    right = [one.seq for one in counted if one.seq < min(wrong)]
    return max(right, default=0), max(wrong)


def _holds(connection: sqlite3.Connection, anchor: Anchor) -> bool:
    if anchor.seq == 0:
        return True
    row = connection.execute(_HASH, (anchor.seq,)).fetchone()
    return row is not None and anchor.fits(row[0])


def _line(facts: dict[str, object]) -> str:
    return msgspec.json.encode(facts).decode()
