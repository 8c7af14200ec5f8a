"""A backup and a migration before the hello take the time they need."""

from pathlib import Path

import pytest
from tests.core.plugins.conftest import Answers

from zepix_core.plugin import DatabaseSettings
from zepix_core.plugins.databases import Databases, Files
from zepix_core.plugins.exchange import Exchange, Limits
from zepix_core.plugins.hello import Migrating
from zepix_core.services.facts import PluginFacts
from zepix_core.storage.executor import SameThread
from zepix_core.storage.plugin_database import open_plugin_database
from zepix_core.testing.clock import VirtualClock

CLOCK = VirtualClock()
OWN = "migrations_of_mine"


async def test_a_worker_that_migrates_is_excused_and_gets_its_whole_time_after() -> None:
    exchange = Exchange(Answers(), lambda name: PluginFacts(id=name), CLOCK, Limits, True)
    told = exchange.handlers()["migrating"].function
    assert not exchange.excused()
    told(Migrating(on=True))
    assert [exchange.excused(), exchange.excused()] == [True, True]
    told(Migrating(on=False))
    assert [exchange.excused(), exchange.excused()] == [True, False]


async def test_a_file_in_use_that_is_migrated_is_told_from_its_backup_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / OWN
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "001_first.sql").write_text("CREATE TABLE mine (id INTEGER PRIMARY KEY) STRICT;")
    monkeypatch.syspath_prepend(tmp_path)
    await open_plugin_database(tmp_path / "data" / "zepix_mine.db", "mine", clock=CLOCK).close()
    told: list[bool] = []
    for _ in range(2):
        databases = Databases(CLOCK, told.append, Files(executor=SameThread))
        await databases.open("one", "mine", OWN, DatabaseSettings(), tmp_path / "data")
        await databases.close()
    assert told == [True, False], "and the second time there is nothing to do"
