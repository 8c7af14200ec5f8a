"""A backup put in the place of a database: checked first, and what was there is kept."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import attrs

from zepix_core.clock import Clock, moment
from zepix_core.errors import SettingsError, StorageError
from zepix_core.journal import control, events, host_state
from zepix_core.journal.checking import check_journal
from zepix_core.journal.control import ControlState
from zepix_core.journal.opening import prepare_tables
from zepix_core.journal.recovery import ACCOUNT
from zepix_core.storage.backup import FORM, copy_file, named
from zepix_core.storage.connection import Durability, open_reader, open_writer
from zepix_core.storage.journal_schema import SCHEMA_VERSION

JOURNAL = "journal"
COMPANIONS = ("", "-wal", "-shm", "-journal")
RESTORED = "restored"
"""Reason of the alerts that were open when the backup was made."""
BY = "zepix db restore"
PAUSED = ControlState(paused=True, by=BY, reason="look at `zepix reconcile` first")
_OPEN = "SELECT id FROM inbox WHERE state IN ('new', 'claimed') ORDER BY id"
_END_ALERT = "UPDATE inbox SET state = 'refused', reason = ?, finished_ns = ? WHERE id = ?"
_END_DELIVERIES = (
    "UPDATE deliveries SET state = 'expired', reason = ?, finished_ns = ?"
    " WHERE alert_id = ? AND state IN ('new', 'claimed')"
)
_NUMBERS = "SELECT plugin, number, tag FROM plugin_numbers ORDER BY number"
_GIVE = "INSERT OR IGNORE INTO plugin_numbers (plugin, number, tag) VALUES (?, ?, ?)"


@attrs.frozen(kw_only=True)
class Copy:
    """What a backup is.

    Attributes:
        path: The database it is a copy of.
        account: Login and server of a journal, ``""`` when it never met one.
        doubts: What is wrong with it although its pages are sound, ``""`` for nothing.
    """

    backup: Path
    path: Path
    account: str = ""
    events: int = 0
    doubts: str = ""

    @property
    def is_journal(self) -> bool:
        """Whether it is one of the journal."""
        return self.path.stem == JOURNAL


def look(backup: Path, data: Path) -> Copy:
    """Check a backup whole.

    Raises:
        SettingsError: It is none, is not sound, or a newer program made it.
    """
    told = named(backup)
    if told is None:
        raise SettingsError(
            f"{backup} does not have the name of a backup.", "See the folder backups, or `zepix db backup`."
        )
    path = data / f"{told.stem}.db"
    try:
        with closing(open_reader(backup)) as connection:
            (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if verdict != "ok":
                raise SettingsError(f"{backup} is not sound: {verdict}.", "Take an older one.")
            if told.stem != JOURNAL:
                return Copy(backup=backup, path=path)
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > SCHEMA_VERSION:
                raise SettingsError(
                    f"{backup} has version {version}, this program knows {SCHEMA_VERSION}.",
                    "Install the newer zepix again.",
                )
            checked = check_journal(connection)
            account = host_state.read(connection, ACCOUNT) or ""
    except (sqlite3.Error, StorageError) as error:
        raise SettingsError(f"{backup} cannot be read: {error}.", "Take an older one.") from error
    return Copy(backup=backup, path=path, account=account, events=checked.events, doubts=checked.fault)


def account_of(journal: Path) -> str:
    """The account of a journal that is there, ``""`` when it cannot be read."""
    try:
        with closing(open_reader(journal)) as connection:
            return host_state.read(connection, ACCOUNT) or ""
    except (sqlite3.Error, StorageError):
        return ""


def put_back(copy: Copy, backups: Path, clock: Clock, by: str) -> Path | None:
    """Put the backup in its place; where what was there is kept now, ``None`` when there was nothing.

    A journal comes back with entries paused, and with the alerts ended that were open then: what became of
    them afterwards is not known. The caller holds the home. A crash in between leaves either the old file or
    none, never half of one.

    Raises:
        StorageError: It cannot be copied; what was there is still there.
    """
    half = copy.path.with_name(copy.path.name + ".restored")
    half.unlink(missing_ok=True)
    try:
        copy_file(copy.backup, half)
        _sync(half)
    except (sqlite3.Error, OSError) as error:
        raise StorageError(
            f"{copy.backup} cannot be copied to {half}: {error}.", "Make room there."
        ) from error
    numbers = _numbers(copy.path) if copy.is_journal else []
    aside = _set_aside(copy.path, backups, clock)
    half.replace(copy.path)
    if copy.is_journal:
        _take_up(copy, aside, numbers, clock, by)
    return aside


def _set_aside(path: Path, backups: Path, clock: Clock) -> Path | None:
    present = [file for ending in COMPANIONS if (file := path.with_name(path.name + ending)).exists()]
    if not present:
        return None
    name = f"{path.stem}.{moment(clock.now_ns()).strftime(FORM)}"
    folder, number = backups / f"{name}.replaced", 1
    while folder.exists():
        number += 1
        folder = backups / f"{name}_{number}.replaced"
    folder.mkdir(parents=True, mode=0o700)
    for file in present:
        file.replace(folder / file.name)
    return folder


def _numbers(journal: Path) -> list[tuple[str, int, str]]:
    """Numbers that were given to plugins since the backup: they stand at the broker and must not be given
    again."""
    with suppress(sqlite3.Error, StorageError), closing(open_reader(journal)) as connection:
        return connection.execute(_NUMBERS).fetchall()
    return []


def _take_up(
    copy: Copy, aside: Path | None, numbers: list[tuple[str, int, str]], clock: Clock, by: str
) -> None:
    with closing(open_writer(copy.path, Durability.FULL)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        prepare_tables(connection, copy.path)
        connection.executemany(_GIVE, numbers)
        ended = [row[0] for row in connection.execute(_OPEN)]
        for alert in ended:
            connection.execute(_END_ALERT, (RESTORED, clock.now_ns(), alert))
            connection.execute(_END_DELIVERIES, (RESTORED, clock.now_ns(), alert))
            events.append(connection, clock, "alert_refused", {"reason": RESTORED}, alert_id=alert)
        kept = host_state.read(connection, control.KEY)
        state = ControlState(**kept) if kept is not None else ControlState()
        if not state.paused:
            state = attrs.evolve(PAUSED, since_ns=clock.now_ns())
            host_state.write(connection, clock, control.KEY, attrs.asdict(state))
        facts = {
            "backup": copy.backup.name,
            "kept": "" if aside is None else aside.name,
            "by": by,
            "ended_alerts": len(ended),
        }
        events.append(connection, clock, "restored", facts)
        connection.execute("COMMIT")


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
