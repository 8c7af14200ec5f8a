"""What the journal, the paper broker's book and V3's tables say of the same trades, read from their files."""

import sqlite3
import time
from collections.abc import Collection, Iterable
from contextlib import closing
from pathlib import Path

from zepix_core.testing.process import RunningHost

UNCERTAIN = ("planned", "sending", "unknown", "placed")
HELD = ("filled", "partly_filled", "adopted")
_OPEN_ALERTS = "SELECT count(*) FROM inbox WHERE state IN ('new', 'claimed')"
_UNCERTAIN = "SELECT count(*) FROM intents WHERE state IN ('planned', 'sending', 'unknown', 'placed')"
_DOUBLE = (
    "SELECT intent_id, count(*) FROM orders WHERE intent_id <> '' AND action = 'open'"
    " GROUP BY intent_id HAVING count(*) > 1"
)
_ASKED_TWICE = (
    "SELECT alert_id, plugin, leg, count(*) FROM intents WHERE action = 'open' AND alert_id IS NOT NULL"
    " GROUP BY alert_id, plugin, leg HAVING count(*) > 1"
)


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    """All rows of a query, read beside the program that writes."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as file:
        return file.execute(sql).fetchall()


def journal(host: RunningHost) -> Path:
    """The host's file."""
    return host.home / "data" / "journal.db"


def lost(host: RunningHost, answered: Collection[int]) -> list[str]:
    """Alerts that were answered 200 and are not in the inbox."""
    stored = {number for (number,) in rows(journal(host), "SELECT id FROM inbox")}
    return [f"alert {number} was answered 200 and is not in the inbox" for number in set(answered) - stored]


def doubled(host: RunningHost) -> list[str]:
    """Entries that were executed twice, and trades that were asked for twice."""
    found = [
        f"{intent} was executed {times} times"
        for intent, times in rows(host.home / "data" / "paper.db", _DOUBLE)
    ]
    twice = rows(journal(host), _ASKED_TWICE)
    return found + [f"alert {a} {plugin} {leg}: {times} intents" for a, plugin, leg, times in twice]


def differences(host: RunningHost) -> list[str]:
    """Where the three books differ, what is still uncertain left out."""
    data = host.home / "data"
    # The journal is read on both sides of the others: what changed meanwhile is not compared.
    before = _entries(host)
    positions = {
        int(str(ticket)): (float(str(volume)), float(str(sl)))
        for ticket, volume, sl in rows(
            data / "paper.db", "SELECT ticket, volume, sl FROM positions WHERE book = 'live'"
        )
    }
    opened = {
        str(intent): int(str(position))
        for intent, position in rows(
            data / "paper.db", "SELECT intent_id, position FROM orders WHERE action = 'open' AND filled > 0"
        )
    }
    legs = {
        int(str(ticket)): str(status)
        for side in ("a", "b")
        for ticket, status in rows(
            data / "zepix_combined_v3.db",
            {
                "a": "SELECT order_a_ticket, order_a_status FROM combined_v3_trades"
                " WHERE order_a_ticket IS NOT NULL",
                "b": "SELECT order_b_ticket, order_b_status FROM combined_v3_trades"
                " WHERE order_b_ticket IS NOT NULL",
            }[side],
        )
    }
    steady = {name: entry for name, entry in _entries(host).items() if before.get(name) == entry}
    return [*_against_broker(steady, before, positions, opened), *_against_plugin(steady, positions, legs)]


def _entries(host: RunningHost) -> dict[str, tuple[str, str, int]]:
    found = rows(
        journal(host), "SELECT intent_id, plugin, state, position_id FROM intents WHERE action = 'open'"
    )
    return {
        str(intent): (str(plugin), str(state), int(str(position or 0)))
        for intent, plugin, state, position in found
    }


def _against_broker(
    steady: dict[str, tuple[str, str, int]],
    known: Iterable[str],
    positions: dict[int, tuple[float, float]],
    opened: dict[str, int],
) -> Iterable[str]:
    yield from (
        f"the broker executed {name}, which the journal does not know" for name in opened.keys() - set(known)
    )
    yield from (f"position {ticket} has no stop" for ticket, (_, stop) in positions.items() if not stop)
    for name, (_, state, position) in steady.items():
        if state in UNCERTAIN:
            continue
        if (state in HELD) != (position in positions):
            there = "open" if position in positions else "not open"
            yield f"{name} stands as {state}, its position {position} is {there} at the broker"
        if (name in opened) != (state in (*HELD, "closed")):
            yield f"{name} stands as {state}, executed at the broker: {name in opened}"


def _against_plugin(
    steady: dict[str, tuple[str, str, int]], positions: dict[int, tuple[float, float]], legs: dict[int, str]
) -> Iterable[str]:
    for name, (plugin, state, position) in steady.items():
        if plugin != "combined_v3" or state not in (*HELD, "closed"):
            continue
        if position not in legs:
            yield f"{name} is {state}, V3's table does not have its position {position}"
        elif (legs[position] == "OPEN") != (position in positions):
            yield f"position {position} stands as {legs[position]} in V3's table, {name} as {state}"


def agreed(host: RunningHost, patience: float = 30.0) -> list[str]:
    """Differences that stay; news on their way to the plugin are waited for."""
    until = time.monotonic() + patience
    while found := differences(host):
        if time.monotonic() > until:
            break
        time.sleep(0.1)
    return found


def at_rest(host: RunningHost, patience: float = 90.0) -> None:
    """Wait until every alert has its end and no outcome is open.

    Raises:
        TimeoutError: It did not come to rest.
    """
    until = time.monotonic() + patience
    while True:
        alerts, intents = rows(journal(host), _OPEN_ALERTS)[0][0], rows(journal(host), _UNCERTAIN)[0][0]
        if not alerts and not intents:
            return
        if time.monotonic() > until:
            raise TimeoutError(f"{alerts} alerts and {intents} orders have no end:\n{host.output()}")
        time.sleep(0.1)
