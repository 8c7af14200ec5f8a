"""How a database file gets its tables: numbered SQL scripts, each applied once, in order, whole or not.

A set of scripts is a package with files ``NNN_name.sql`` (and, beside them, ``NNN_name.down.sql`` where a
step can be taken back). They run on sqlite-utils' migrations; what people see is ``schema_migrations``,
written in the same transaction. Sets share that table: versions of the core tables are ``core-001``…,
those of a plugin ``001``….
"""

import hashlib
import re
import sqlite3
from collections.abc import Sequence
from importlib import resources

import attrs

from zepix_core.clock import Clock
from zepix_core.errors import StorageError
from zepix_core.storage.script import run_script
from zepix_core.storage.stamps import stamp

CORE_PACKAGE = "zepix_core.storage.core_migrations"
CORE_PREFIX = "core-"

_NAME = re.compile(r"(\d{3})_([a-z0-9_]+?)(\.down)?\.sql")
_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version TEXT PRIMARY KEY NOT NULL,
    applied_at TEXT NOT NULL,
    description TEXT,
    checksum TEXT,
    execution_time_ms INTEGER
) STRICT
"""
_FORBIDDEN = (sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)


@attrs.frozen(kw_only=True)
class Step:
    """One script.

    Attributes:
        version: ``001`` or ``core-001``; unique in its file.
        script, down: SQL; ``down`` takes the step back, ``""`` when it cannot be.
    """

    version: str
    description: str
    script: str
    down: str = ""

    @property
    def checksum(self) -> str:
        """SHA-256 of the script, whatever its line ends."""
        return hashlib.sha256(self.script.replace("\r\n", "\n").encode()).hexdigest()


@attrs.frozen(kw_only=True)
class Applied:
    """A row of ``schema_migrations``; ``applied_at`` is UTC text."""

    version: str
    applied_at: str
    description: str
    checksum: str
    execution_time_ms: int


def read_steps(package: str, prefix: str = "") -> tuple[Step, ...]:
    """The scripts of a package (dotted name), in order.

    Raises:
        StorageError: There is no such package, or a script's name is not ``NNN_name.sql`` or used twice.
    """
    try:
        files = [entry for entry in resources.files(package).iterdir() if entry.name.endswith(".sql")]
    except (ImportError, OSError) as error:
        raise StorageError(f"the migrations {package} cannot be read: {error}.") from error
    steps: dict[str, Step] = {}
    downs: dict[str, str] = {}
    for file in sorted(files, key=lambda entry: entry.name):
        match = _NAME.fullmatch(file.name)
        if match is None:
            raise StorageError(
                f"{package}: {file.name} is no migration.", "Call it NNN_name.sql, like 001_first.sql."
            )
        number, name, down = match.groups()
        text = file.read_text("utf-8")
        if down:
            downs[f"{number}_{name}.down.sql"] = text
        elif number in steps:
            raise StorageError(f"{package}: two scripts have the number {number}.", "Number them apart.")
        else:
            steps[number] = Step(version=prefix + number, description=name, script=text)
    whole = tuple(
        attrs.evolve(step, down=downs.pop(f"{number}_{step.description}.down.sql", ""))
        for number, step in steps.items()
    )
    for lost in downs:
        raise StorageError(f"{package}: {lost} takes back a script that is not there.", "Name both alike.")
    return whole


def core_steps() -> tuple[Step, ...]:
    """The scripts of the core tables."""
    return read_steps(CORE_PACKAGE, CORE_PREFIX)


def history(connection: sqlite3.Connection) -> tuple[Applied, ...]:
    """What was applied to this file, in order; writes nothing."""
    if not connection.execute(
        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'"
    ).fetchone():
        return ()
    rows = connection.execute(
        "SELECT version, applied_at, coalesce(description, ''), coalesce(checksum, ''),"
        " coalesce(execution_time_ms, 0) FROM schema_migrations ORDER BY rowid"
    )
    return tuple(
        Applied(
            version=row[0], applied_at=row[1], description=row[2], checksum=row[3], execution_time_ms=row[4]
        )
        for row in rows
    )


def pending(connection: sqlite3.Connection, steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps that `migrate` would apply; writes nothing.

    Raises:
        StorageError: An applied script was changed since, or a pending one stands before an applied one.
    """
    applied = {row.version: row for row in history(connection)}
    waiting: list[Step] = []
    for step in steps:
        row = applied.get(step.version)
        if row is None:
            waiting.append(step)
        elif row.checksum != step.checksum:
            raise StorageError(
                f"the migration {step.version} {step.description} was changed after {row.applied_at},"
                " when it was applied.",
                "Restore the script as it was and put the change into a new one.",
            )
        elif waiting:
            raise StorageError(
                f"the migration {waiting[0].version} stands before {step.version}, which is applied already.",
                "Give the new script the next free number.",
            )
    return tuple(waiting)


def current(connection: sqlite3.Connection, prefix: str = "") -> str | None:
    """The newest applied version of a set, ``None`` before the first; writes nothing."""
    versions = [
        row.version for row in history(connection) if re.fullmatch(re.escape(prefix) + r"\d{3}", row.version)
    ]
    return max(versions, default=None)


def migrate(connection: sqlite3.Connection, steps: Sequence[Step], clock: Clock) -> tuple[Applied, ...]:
    """Apply what is pending, each step in a transaction of its own; stops at the first that fails.

    Use a connection of `zepix_core.storage.connection.open_writer` that is in no transaction. Versions in
    the file that no step knows are left alone: an older program may run on a newer, compatible file.

    Returns:
        What was applied now.

    Raises:
        StorageError: A step failed and was rolled back (those before it stay), or see `pending`.
    """
    waiting = pending(connection, steps)
    if not waiting:
        return ()
    # Loaded only when there is something to apply: it is the largest thing a worker would hold.
    from zepix_core.storage.sqlite_utils_door import Database, Migrations, database

    done: list[Applied] = []
    connection.execute(_TABLE)
    migrations = Migrations("zepix")

    def register(step: Step) -> None:
        @migrations(name=step.version)
        def apply(_: Database) -> None:
            done.append(_apply(connection, step, clock))

    for step in waiting:
        register(step)
    try:
        migrations.apply(database(connection))
    except sqlite3.Error as error:
        failed = waiting[len(done)]
        raise StorageError(
            f"the migration {failed.version} {failed.description} failed: {error}.",
            "Nothing of it was kept; the scripts before it were.",
        ) from error
    return tuple(done)


def roll_back(connection: sqlite3.Connection, steps: Sequence[Step]) -> str:
    """Take back the newest applied step of a set with its ``down`` script; returns its version.

    Raises:
        StorageError: Nothing is applied, the step has no ``down`` script, or it failed and changed nothing.
    """
    known = {step.version: step for step in steps}
    last = max((row.version for row in history(connection) if row.version in known), default=None)
    if last is None:
        raise StorageError("no migration of this set is applied.")
    step = known[last]
    if not step.down:
        raise StorageError(
            f"the migration {last} cannot be taken back.", "Restore the backup made before it."
        )
    connection.execute("BEGIN IMMEDIATE")
    try:
        _run_guarded(connection, step.down)
        connection.execute("DELETE FROM schema_migrations WHERE version = ?", (last,))
        connection.execute(
            "DELETE FROM _sqlite_migrations WHERE migration_set = 'zepix' AND name = ?", (last,)
        )
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise StorageError(f"the migration {last} could not be taken back: {error}.") from error
    return last


def _apply(connection: sqlite3.Connection, step: Step, clock: Clock) -> Applied:
    begun = clock.monotonic()
    _run_guarded(connection, step.script)
    row = Applied(
        version=step.version,
        applied_at=stamp(clock.now_ns()),
        description=step.description,
        checksum=step.checksum,
        execution_time_ms=round((clock.monotonic() - begun) * 1000),
    )
    connection.execute("INSERT INTO schema_migrations VALUES (?, ?, ?, ?, ?)", attrs.astuple(row))
    return row


def _run_guarded(connection: sqlite3.Connection, script: str) -> None:
    """Run a script that may neither end its transaction nor reach another file."""

    def allowed(action: int, *_: object) -> int:
        return sqlite3.SQLITE_DENY if action in _FORBIDDEN else sqlite3.SQLITE_OK

    connection.set_authorizer(allowed)
    try:
        run_script(connection, script)
    finally:
        connection.set_authorizer(None)
