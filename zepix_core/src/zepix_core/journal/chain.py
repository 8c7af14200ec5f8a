"""The chain recomputed, and what a break in it means."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from zepix_core.clock import iso
from zepix_core.journal import anchors
from zepix_core.journal.anchors import Anchor, Cut
from zepix_core.journal.events import ROOT, link

PAGE = 5000
UNFIT = "unfit"
_ROWS = (
    "SELECT seq, at_ns, mono_ns, kind, alert_id, plugin, intent_id, payload, hash FROM journal_events"
    " WHERE seq > ? ORDER BY seq LIMIT ?"
)
_FIRST = -(2**63)


@attrs.frozen(kw_only=True)
class Break:
    """One place where the chain is not what it was.

    Attributes:
        seq: The first event it concerns.
        what: ``missing``, ``unfit``, ``end_missing`` or ``replaced``.
        meaning: What that means, for people.
        rows: How many events in a row it concerns.
    """

    seq: int
    what: str
    meaning: str
    rows: int = 1


@attrs.frozen(kw_only=True)
class ChainReport:
    """What recomputing the chain found.

    Attributes:
        rows: Events read; ``newest``, ``hash`` and ``at``: of the last of them.
        breaks: Every break, in order; empty when all fits.
        compared: How many notes of earlier moments were held against it.
        cuts: Parts that starts of the host found gone, such as after a backup was put back.
    """

    rows: int
    newest: int
    hash: str
    at: str
    breaks: tuple[Break, ...]
    compared: int
    cuts: tuple[Cut, ...]

    @property
    def sound(self) -> bool:
        """Nothing was changed, as far as can be seen."""
        return not self.breaks


class _Walk:
    """The chain read once, in order."""

    def __init__(self, wanted: Iterable[int]) -> None:
        self.rows, self.seq, self.hash, self.at_ns = 0, 0, ROOT, 0
        self.breaks: list[Break] = []
        self.found: dict[int, bytes] = {}
        self._wanted = frozenset(wanted)
        self._last_unfit = _FIRST

    def take(self, row: tuple[Any, ...], digest: bytes) -> None:
        """One row, without and with its hash."""
        seq = row[0]
        if seq < 1:
            self._unfit(row)
            return
        if seq > self.seq + 1:
            self.breaks.append(_missing(self.seq + 1, seq - 1))
        elif not _fits(self.hash, row, digest):
            self._unfit(row)
        self.rows, self.seq, self.hash, self.at_ns = self.rows + 1, seq, digest, row[1]
        if seq in self._wanted:
            self.found[seq] = digest

    def _unfit(self, row: tuple[Any, ...]) -> None:
        """Events in a row that do not fit are one break."""
        if self.breaks and self._last_unfit == row[0] - 1 and self.breaks[-1].what == UNFIT:
            self.breaks[-1] = attrs.evolve(self.breaks[-1], rows=self.breaks[-1].rows + 1)
        else:
            self.breaks.append(_unfit(row))
        self._last_unfit = row[0]


def _fits(before: bytes, row: tuple[Any, ...], digest: bytes) -> bool:
    try:
        return digest == link(before, row)
    except UnicodeEncodeError:
        return False  # bytes that no text of ours ever was


def examine(connection: sqlite3.Connection, noted: Iterable[Anchor] = ()) -> ChainReport:
    """Recompute the whole chain, in pages, and hold it against what was ``noted`` of it.

    The connection only reads and stands outside of a transaction, so that no read of it is long.
    """
    connection.text_factory = _text
    known = anchors.cuts(connection)
    counted = anchors.valid(noted, known)
    end, _ = anchors.newest(connection)
    walk = _Walk(one.seq for one in counted)
    for *row, digest in _rows(connection, end):
        walk.take(tuple(row), digest)
    breaks = [*walk.breaks, *_against(counted, walk)]
    return ChainReport(
        rows=walk.rows,
        newest=walk.seq,
        hash=walk.hash.hex(),
        at=iso(walk.at_ns) if walk.rows else "",
        breaks=tuple(sorted(breaks, key=lambda one: one.seq)),
        compared=len(counted),
        cuts=known,
    )


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def of_none(noted: Iterable[Anchor]) -> ChainReport:
    """The report of a journal that is not there."""
    counted = tuple(noted)
    breaks = tuple(_against(counted, _Walk(())))
    return ChainReport(
        rows=0, newest=0, hash=ROOT.hex(), at="", breaks=breaks, compared=len(counted), cuts=()
    )  # fmt: skip


def _rows(connection: sqlite3.Connection, end: int) -> Iterator[tuple[Any, ...]]:
    """All rows up to that number; what a host adds meanwhile is left for the next time."""
    last = _FIRST
    while rows := connection.execute(_ROWS, (last, PAGE)).fetchall():
        for row in rows:
            if row[0] > end:
                return
            yield row
        last = rows[-1][0]


def _missing(first: int, last: int) -> Break:
    which = f"Event {first} is" if first == last else f"Events {first} to {last} are"
    meaning = f"{which} missing: somebody removed what stood there. Backups that are newer may hold it."
    return Break(seq=first, what="missing", meaning=meaning, rows=last - first + 1)


def _unfit(row: tuple[Any, ...]) -> Break:
    seq, at_ns, _, kind, *_ = row
    meaning = (
        f"Event {seq} ({kind}, {iso(at_ns)}) does not follow from the one before it: it or that one was "
        "changed after it was written, or rows were put in, taken out or moved here."
    )
    return Break(seq=seq, what=UNFIT, meaning=meaning)


def _against(noted: Iterable[Anchor], walk: _Walk) -> Iterator[Break]:
    """The first note that the chain does not keep, of each kind."""
    told: set[str] = set()
    for one in sorted(noted, key=lambda one: one.seq):
        if one.seq == 0 or (one.seq in walk.found and one.fits(walk.found[one.seq])):
            continue
        place = f"{one.where}{f', {one.at}' if one.at else ''}"
        if one.seq > walk.seq:
            what, first = "end_missing", walk.seq + 1
            meaning = (
                f"The chain ends with event {walk.seq}, but event {one.seq} was noted ({place}): its end was "
                "cut off, or an older copy was put in its place."
            )
        else:
            what, first = "replaced", one.seq
            meaning = (
                f"Event {one.seq} is not the one that was noted ({place}): from there or from before the "
                "chain was written anew, or a copy of another time was put in its place."
            )
        if what not in told:
            told.add(what)
            yield Break(seq=first, what=what, meaning=meaning)
