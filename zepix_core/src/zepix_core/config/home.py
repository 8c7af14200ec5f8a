"""The home folder of a host: where everything is, and who holds it."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import attrs

from zepix_core.config.atomic import write_atomic
from zepix_core.errors import SettingsError

VARIABLE = "ZEPIX_HOME"


def _absolute(path: str | Path) -> Path:
    return Path(path).expanduser().absolute()


@attrs.frozen
class Home:
    """Paths of one home folder (``zepix.toml``, ``.env``, ``data/``, ``logs/``, …).

    Attributes:
        path: The folder, absolute.
    """

    path: Path = attrs.field(converter=_absolute)

    @property
    def settings_file(self) -> Path:
        """``zepix.toml``, or ``zepix.json`` when only that exists."""
        toml, json = self.path / "zepix.toml", self.path / "zepix.json"
        return json if json.exists() and not toml.exists() else toml

    @property
    def plugins(self) -> Path:
        """Folder of the plugins' settings files."""
        return self.path / "plugins"

    def plugin_file(self, plugin_id: str) -> Path:
        """``plugins/<id>.toml``, or the JSON file when only that exists."""
        toml, json = self.plugins / f"{plugin_id}.toml", self.plugins / f"{plugin_id}.json"
        return json if json.exists() and not toml.exists() else toml

    @property
    def env(self) -> Path:
        """The file of secrets."""
        return self.path / ".env"

    @property
    def lock_file(self) -> Path:
        """``zepix.lock``: which plugin distributions are allowed."""
        return self.path / "zepix.lock"

    @property
    def data(self) -> Path:
        """Folder of the databases."""
        return self.path / "data"

    @property
    def journal_db(self) -> Path:
        """Inbox, intents, events, outbox."""
        return self.data / "journal.db"

    @property
    def paper_db(self) -> Path:
        """The paper broker's own book."""
        return self.data / "paper.db"

    @property
    def ports_file(self) -> Path:
        """Ports and process id of the running host."""
        return self.data / "ports.json"

    @property
    def anchors_file(self) -> Path:
        """How far the journal's chain had come, noted beside it (``data/anchors.jsonl``)."""
        return self.data / "anchors.jsonl"

    @property
    def plugins_cache(self) -> Path:
        """What the workers said of their plugins last (``data/plugins.json``)."""
        return self.data / "plugins.json"

    @property
    def host_lock(self) -> Path:
        """Held by the running host."""
        return self.data / "host.lock"

    @property
    def logs(self) -> Path:
        """Folder of log files."""
        return self.path / "logs"

    @property
    def log_file(self) -> Path:
        """The host's log, JSON lines."""
        return self.logs / "zepix.log"

    @property
    def slots(self) -> Path:
        """Folder of installed plugin versions."""
        return self.path / "slots"

    @property
    def wheels(self) -> Path:
        """Folder of kept wheels."""
        return self.path / "wheels"

    @property
    def backups(self) -> Path:
        """Folder of database backups."""
        return self.path / "backups"

    def create(self) -> None:
        """Make the folders that are missing; data, logs and backups are for the owner alone.

        Raises:
            SettingsError: A folder cannot be made or written.
        """
        private = (self.data, self.logs, self.backups)
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (*private, self.plugins, self.slots, self.wheels):
                folder.mkdir(exist_ok=True, mode=0o700 if folder in private else 0o755)
        except FileExistsError as error:
            raise SettingsError(
                f"{error.filename} is a file, a folder is needed.", "Name another folder with --home."
            ) from error
        except OSError as error:
            raise self._refused(error.strerror or str(error)) from error
        for folder in (self.path, self.data, self.logs, self.plugins):
            if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
                raise self._refused(f"{folder} cannot be read and written")

    def exists(self) -> bool:
        """True when the folder is there and can be looked into.

        Raises:
            SettingsError: It is there, but cannot be read.
        """
        try:
            there = self.path.exists()
        except OSError as error:
            raise self._refused(error.strerror or str(error)) from error
        if not there:
            return False
        if not self.path.is_dir() or not os.access(self.path, os.R_OK | os.X_OK):
            raise self._refused("it cannot be read")
        return True

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the home for this process.

        Raises:
            SettingsError: Another host holds it; its process id is named.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.host_lock)
        holder = self.data / "host.pid"
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise SettingsError(
                f"A host already runs on {self.path} (process {_read(holder)}).",
                "Stop it first, or give this one a folder of its own with --home.",
            ) from None
        except OSError as error:
            raise self._refused(error.strerror or str(error)) from error
        try:
            write_atomic(holder, f"{os.getpid()}\n")
            yield
        finally:
            with contextlib.suppress(OSError):
                holder.unlink()
            lock.release()

    def _refused(self, why: str) -> SettingsError:
        return SettingsError(
            f"The home folder {self.path} cannot be used: {why}.",
            "Check its owner and mode, or name another with --home or ZEPIX_HOME.",
        )


def find_home(given: str | Path | None = None) -> Home:
    """The home to use: ``given``, else ``ZEPIX_HOME``, else the user's data folder."""
    if given:
        return Home(Path(given))
    named = os.environ.get(VARIABLE)
    if named:
        return Home(Path(named))
    import platformdirs

    return Home(Path(platformdirs.user_data_dir("zepix", appauthor=False)))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip() or "unknown"
    except OSError:
        return "unknown"
