"""Homes for simulations: made once for a cast, copied for each run, on memory where there is some."""

import shutil
import tempfile
from pathlib import Path

import attrs

from zepix_core.config.files import load_settings, merged
from zepix_core.config.home import Home
from zepix_core.config.profiles import prepare
from zepix_core.config.render import render_plain
from zepix_core.config.secrets import API_TOKEN, WEBHOOK_TOKEN, Secret, save_env
from zepix_core.config.settings import HostSettings
from zepix_core.plugins.lockfile import LockEntry, write_lock
from zepix_core.testing.simulator.cast import Cast

MEMORY = Path("/dev/shm")  # noqa: S108 (a folder of its own is made there)
TOKEN = "simulated-webhook-token"  # noqa: S105 (of a host nobody can reach)
SETTINGS = {
    "webhook": {"port": 8080},
    "paper": {"market_always_open": True, "balance": 100_000.0, "tick_interval_seconds": 5.0},
}


@attrs.frozen
class Stage:
    """A home that was started and stopped once, to be copied, and its settings."""

    home: Home
    settings: HostSettings

    def copy(self, folder: Path) -> Home:
        """A home of the same content."""
        shutil.copytree(self.home.path, folder)
        return Home(folder)


def temporary() -> "tempfile.TemporaryDirectory[str]":
    """A folder for homes, in memory where that is possible."""
    where = str(MEMORY) if MEMORY.is_dir() else None
    return tempfile.TemporaryDirectory(prefix="zepix-simulator-", dir=where, ignore_cleanup_errors=True)


def build(cast: Cast, folder: Path) -> Stage:
    """Settings, lock and tokens of a home for that cast; databases come with its first start."""
    home = Home(folder)
    home.create()
    save_env(home.env, {WEBHOOK_TOKEN: Secret(TOKEN), API_TOKEN: Secret("simulated-api-token")})
    prepare(home)
    entries = (
        LockEntry(name=f.name, version=f.version, sha256=f.sha256, enabled=True) for f in cast.distributions
    )
    write_lock(home.lock_file, {entry.name: entry for entry in entries})
    for plugin, values in cast.plugin_settings.items():
        home.plugin_file(plugin).write_text(render_plain({"plugin_id": plugin, **values}), encoding="utf-8")
    return Stage(home, load_settings(home, merged(SETTINGS, cast.settings)).settings)
