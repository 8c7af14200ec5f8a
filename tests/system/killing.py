"""Kill a running host's processes at chosen moments, then hold its books against each other."""

import json
import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing, suppress

from zepix_core.testing.process import RunningHost

SYMBOLS = {"EURUSD": (1.085, 0.01), "GBPUSD": (1.264, 0.01), "USDJPY": (148.2, 1.0), "XAUUSD": (2035.0, 20.0)}

OPEN = ("sending", "planned", "unknown", "placed")

# The steps of one alert through the house, as the journal shows them.
STEPS = {
    "stored": "SELECT 1 FROM inbox WHERE id > :seen",
    "claimed": "SELECT 1 FROM inbox WHERE id > :seen AND state = 'claimed'",
    "handed out": "SELECT 1 FROM deliveries WHERE alert_id > :seen AND state = 'claimed'",
    "leg A sending": "SELECT 1 FROM intents WHERE alert_id > :seen AND state = 'sending'",
    "leg B planned": "SELECT 1 FROM intents WHERE alert_id > :seen AND state = 'planned'",
    "filled": "SELECT 1 FROM intents WHERE alert_id > :seen AND state = 'filled'",
    "told": "SELECT 1 FROM journal_events WHERE alert_id > :seen AND kind = 'trade_update'",
    "decided": "SELECT 1 FROM inbox WHERE id > :seen AND state = 'done'",
}


def bracket(number: int, chance: random.Random) -> str:
    """A plain bracket alert with an id of its own, its stops far from the price."""
    symbol, (price, distance) = chance.choice(list(SYMBOLS.items()))
    sign = chance.choice((1, -1))
    return json.dumps(
        {
            "id": f"K{number:06d}",
            "symbol": symbol,
            "action": "buy" if sign > 0 else "sell",
            "lots": 0.02,
            "price": price,
            "sl": round(price - sign * distance, 5),
            "tp": round(price + sign * 2 * distance, 5),
        }
    )


def pair(number: int, chance: random.Random) -> str:
    """A V3 entry, which becomes two orders."""
    symbol, (price, distance) = chance.choice(list(SYMBOLS.items()))
    return json.dumps(
        {
            "type": "entry_v3",
            "signal_type": "Mitigation_Test_Entry",
            "symbol": symbol,
            "direction": "buy",
            "tf": "15",
            "price": price,
            "consensus_score": 6,
            "sl_price": round(price - distance, 5),
            "tp1_price": round(price + distance, 5),
            "tp2_price": round(price + 2 * distance, 5),
            "mtf_trends": "1,1,1,1,1",
            "market_trend": 1,
            "position_multiplier": 0.6,
            "id": f"P{number:06d}",
        }
    )


def newest(host: RunningHost) -> int:
    """Id of the newest alert in the journal."""
    with closing(sqlite3.connect(f"file:{host.home / 'data' / 'journal.db'}?mode=ro", uri=True)) as journal:
        row = journal.execute("SELECT coalesce(max(id), 0) FROM inbox").fetchone()
    return int(row[0])


def when(host: RunningHost, step: str, seen: int, timeout: float = 3.0) -> bool:
    """Wait until the journal shows ``step`` for an alert newer than ``seen``."""
    until = time.monotonic() + timeout
    with closing(sqlite3.connect(f"file:{host.home / 'data' / 'journal.db'}?mode=ro", uri=True)) as journal:
        while time.monotonic() < until:
            if journal.execute(STEPS[step], {"seen": seen}).fetchone():
                return True
    return False


def resolved(host: RunningHost, timeout: float = 60.0) -> None:
    """Wait until no outcome is open; a look-up takes two looks at least 3 s apart."""
    until = time.monotonic() + timeout
    while any(row["state"] in OPEN for row in host.rows("orders", "list")):
        if time.monotonic() > until:
            raise TimeoutError(f"outcomes are still open:\n{host.output()}")
        time.sleep(0.5)


class Campaign:
    """Posts alerts while one kind of process is killed again and again."""

    def __init__(self, host: RunningHost, seed: int) -> None:
        self.host = host
        self.chance = random.Random(seed)
        self.accepted: set[int] = set()
        self._number = seed * 1000

    def post(self, count: int) -> None:
        """Send ``count`` alerts one after the other; remember those that were answered 200."""
        for _ in range(count):
            self._number += 1
            make = pair if self.chance.random() < 0.4 else bracket
            with suppress(OSError, KeyError, ValueError):
                answer = self.host.post(make(self._number, self.chance), timeout=5)
                if answer.status == 200:
                    self.accepted.add(int(answer.body["id"]))

    def strike(self, target: str, moment: str | float) -> None:
        """Kill ``target`` at ``moment`` (a step of the walk, or seconds after the first post)."""
        seen = newest(self.host)
        sender = threading.Thread(target=self.post, args=(4,))
        sender.start()
        if isinstance(moment, str):
            when(self.host, moment, seen)
        else:
            time.sleep(moment)
        if target == "host":
            self.host.kill()
        else:
            for pid in self.host.children()[target]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        sender.join()
        if target == "host":
            self.host.start()
        self.host.settled(60)


def contradictions(host: RunningHost, accepted: set[int]) -> list[str]:
    """What the journal, the paper broker's own book and the answers given do not agree on."""
    found: list[str] = []
    alerts = {row["id"]: row for row in host.rows("alerts", "list")}
    for alert_id in accepted:
        if alert_id not in alerts:
            found.append(f"alert {alert_id} was answered 200 and is not in the inbox")
    for alert in alerts.values():
        if alert["state"] not in ("done", "refused", "dead"):
            found.append(f"alert {alert['id']} has no final state: {alert['state']}")
    intents = {row["intent_id"]: row for row in host.rows("orders", "list")}
    positions = host.rows("paper", "positions")
    orders = host.rows("paper", "orders")
    executed = Counter(order["comment"].split(":")[1] for order in orders if order["comment"].count(":") == 2)
    for intent_id, count in executed.items():
        intent = intents.get(intent_id)
        if intent is None:
            found.append(f"the broker executed {intent_id}, which the journal does not know")
        elif count != 1:
            found.append(f"{intent_id} was executed {count} times")
        elif intent["state"] not in ("filled", "closed", "partly_filled", "adopted"):
            found.append(f"{intent_id} was executed and stands as {intent['state']}")
    for intent in intents.values():
        done = intent["action"] == "open" and intent["state"] in ("filled", "closed")
        if done and executed.get(intent["intent_id"], 0) != 1:
            found.append(f"{intent['intent_id']} stands as filled and was never executed")
        if intent["state"] in OPEN:
            found.append(f"{intent['intent_id']} is still {intent['state']}")
    for position in positions:
        if not position["sl"]:
            found.append(f"position {position['ticket']} has no stop")
    by_trade = Counter(
        (row["alert_id"], row["plugin"], row["leg"]) for row in intents.values() if row["action"] == "open"
    )
    found += [f"{trade} was asked for {count} times" for trade, count in by_trade.items() if count > 1]
    return found
