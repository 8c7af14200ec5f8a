"""`zepix limits list` of a stopped host, and of lifted limits."""

import json
import sqlite3

import pytest

from zepix_core.cli.limits.list import _shown
from zepix_core.cli.main import run
from zepix_core.cli.story_words import verdict
from zepix_core.config.home import Home
from zepix_core.journal import latches
from zepix_core.journal.story import tell
from zepix_core.journal.totals import account_in_use
from zepix_core.model.limits import Latch
from zepix_core.testing.clock import VirtualClock


def reach(home: Home, scope: str) -> None:
    with sqlite3.connect(home.journal_db) as connection:
        latch = Latch(which="lifetime", scope=scope, loss=5.0, limit=4.0, since_ns=1)
        latches.close(connection, VirtualClock(), account_in_use(connection), [latch])


def test_a_stopped_host_lists_what_is_lost_and_reached(
    traded_home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    reach(traded_home, "combined_v3")
    home = str(traded_home.path)
    assert run(["limits", "list", "--all", "--format", "json", "--home", home]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["which"], row["scope"], row["limit"], row["reached"]) for row in rows] == [
        ("daily", "account", None, False),
        ("lifetime", "account", None, False),
        ("lifetime", "combined_v3", 4.0, True),
    ]
    assert rows[2]["lift"] == "zepix limits reset lifetime --plugin combined_v3"
    assert run(["limits", "list", "--home", home]) == 0
    assert capsys.readouterr().out.count("unknown") == 7


def test_the_limits_of_the_bench_profile_are_called_lifted(
    traded_home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    reach(traded_home, "account")
    home = str(traded_home.path)
    assert run(["init", "--profile", "bench", "--yes", "--home", home]) == 0
    assert run(["limits", "list", "--home", home]) == 0
    assert capsys.readouterr().out.count("lifted") == 4
    running = {"limit": 2000.0, "open_risk": 0.0, "remaining": 0.0, "reached": False, "lifted": True}
    assert (_shown(running)["reached"], _shown(running)["limit"]) == ("lifted", 2000.0)


def test_the_headline_says_that_orders_went_to_the_shadow_book(traded_home: Home) -> None:
    with sqlite3.connect(traded_home.journal_db) as connection:
        connection.execute("UPDATE intents SET book = 'shadow'")
        story = tell(connection, "1")
    assert story is not None
    assert verdict(story).endswith("opened 2 orders in shadow: BUY 0.05 + 0.05 XAUUSD.")
