"""What a plugin's settings say of backups is what the host does."""

from pathlib import Path
from typing import Any

from zepix_core.journal.backups import DAY, HOUR, WEEK
from zepix_core.plugins.backup_plans import backup_plans
from zepix_core.plugins.hello import PluginHello
from zepix_core.plugins.states import PluginState, PluginStatus

DATA = Path("data")


def status(plugin: str, group: str, **database: Any) -> PluginStatus:
    hello = PluginHello(id=plugin, database_group=group, config={"database": database})
    return PluginStatus(
        id=plugin, distribution=plugin, version="1", state=PluginState.ACTIVE, enabled=True, shadow=False,
        priority=2, hello=hello,
    )  # fmt: skip


def planned(*statuses: PluginStatus) -> dict[str, float]:
    return {plan.path.as_posix(): plan.every for plan in backup_plans(statuses, DATA)}


def test_daily_is_the_default() -> None:
    assert planned(status("one", "one")) == {"data/zepix_one.db": DAY}


def test_the_most_careful_plugin_of_a_group_decides() -> None:
    rows = (status("a", "both", backup_frequency="weekly"), status("b", "both", backup_frequency="hourly"))
    assert planned(*rows) == {"data/zepix_both.db": HOUR}


def test_who_wants_none_gets_none_and_a_path_of_its_own_is_kept() -> None:
    off = status("a", "a", backup_frequency="off")
    switched_off = status("b", "b", backup_enabled=False)
    mine = status("c", "c", path="mine.db", backup_frequency="weekly")
    assert planned(off, switched_off, mine) == {"data/mine.db": WEEK}


def test_a_plugin_that_never_said_hello_has_no_file() -> None:
    silent = PluginStatus(
        id="x", distribution="x", version="1", state=PluginState.DISCOVERED, enabled=True, shadow=False,
        priority=2,
    )  # fmt: skip
    assert planned(silent) == {}
