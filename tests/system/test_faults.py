"""A broker that answers late, never, or goes away: nothing trades twice and every book tells the same."""

import json
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from tests.system.homes import always_open
from tests.system.killing import bracket, contradictions, pair
from zepix_core.testing.process import RunningHost

FAULTS = {
    "after": "timeout_after_execute:1",
    "before": "timeout_before_execute:1",
    "late": "late_reply:1",
    "none": "none_after_send:1",
    "away": "disconnect:1.5",
}
OPEN = ("planned", "sending", "unknown", "placed")
PATIENCE = 90.0


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, RunningHost]]:
    """A host a fault, each with its alerts handled; side by side, for a silent gateway costs 10 s."""
    chance = random.Random(7)
    with ExitStack() as stack:
        hosts = {}
        for name, faults in FAULTS.items():
            home = always_open(tmp_path_factory.mktemp(name) / "home")
            host = RunningHost(home, env={"ZEPIX_PAPER_FAULTS": faults})
            hosts[name] = stack.enter_context(host)
            host.start()
        for name, host in hosts.items():
            assert host.post(pair(1, chance)).status == 200
            if name in ("before", "away"):
                assert host.post(bracket(2, chance)).status == 200
        for number in range(3, 7):
            assert hosts["away"].post(bracket(number, chance)).status == 200
            time.sleep(0.8)
        for host in hosts.values():
            settle(host)
        yield hosts


def settle(host: RunningHost) -> None:
    """Wait until every alert and every order has its end."""
    host.settled(PATIENCE)
    until = time.monotonic() + PATIENCE
    while any(order["state"] in OPEN for order in host.rows("orders", "list")):
        assert time.monotonic() < until, host.output()
        time.sleep(0.3)


@pytest.mark.parametrize("name", FAULTS)
def test_the_books_do_not_contradict_each_other(hosts: dict[str, RunningHost], name: str) -> None:
    accepted = {row["id"] for row in hosts[name].rows("alerts", "list")}
    assert accepted
    assert contradictions(hosts[name], accepted) == []


@pytest.mark.parametrize("name", ["after", "none"])
def test_what_was_executed_without_an_answer_is_found_and_not_sent_again(
    hosts: dict[str, RunningHost], name: str
) -> None:
    orders = hosts[name].rows("orders", "list")
    assert {order["attempt"] for order in orders} == {1}
    first, second = sorted(orders, key=lambda order: order["leg"])
    assert (first["leg"], first["state"]) == ("A", "filled")
    # The second leg of the pair may meet a gateway that is only just being started again.
    assert second["state"] == "filled" or second["reason"] == "BROKER_OFFLINE"
    filled = [order["ticket"] for order in orders if order["state"] == "filled"]
    assert [row["ticket"] for row in hosts[name].rows("paper", "positions")] == filled


def test_what_was_never_executed_is_looked_for_and_dropped(hosts: dict[str, RunningHost]) -> None:
    host = hosts["before"]
    assert {order["state"] for order in host.rows("orders", "list")} <= {"dropped", "denied"}
    assert "not_sent" in moves(host)
    assert host.rows("paper", "orders") == []


def test_a_late_answer_counts(hosts: dict[str, RunningHost]) -> None:
    orders = hosts["late"].rows("orders", "list")
    assert {order["state"] for order in orders} == {"filled"}
    assert len(hosts["late"].rows("paper", "orders")) == len(orders) == 2


def test_alerts_wait_for_a_broker_that_is_away_and_each_ends(hosts: dict[str, RunningHost]) -> None:
    ends = {row["id"]: (row["state"], row["reason"]) for row in hosts["away"].rows("alerts", "list")}
    assert len(ends) == 6
    # A plugin that sizes by the balance meets its absence before the host's gate meets the broker's.
    away = {"broker_offline", "no_balance"}
    assert all(state == "done" or reason in away for state, reason in ends.values()), ends
    assert any(state == "done" for state, _ in ends.values())


def test_the_story_tells_of_the_silence(hosts: dict[str, RunningHost]) -> None:
    assert "did not answer" in hosts["after"].cli("why", "1", check=True).stdout


def moves(host: RunningHost) -> set[str]:
    """Every state that an order has ever come to."""
    path = host.home / "data" / "journal.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as journal:
        rows = journal.execute("SELECT payload FROM journal_events WHERE kind = 'intent'").fetchall()
    return {json.loads(payload)["to"] for (payload,) in rows}
