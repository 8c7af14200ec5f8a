"""The host killed at random moments while alerts arrive, also in the middle of its recovery."""

import json
import os
import random
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.system.killing import SYMBOLS, bracket, pair
from tests.system.three_books import agreed, at_rest, doubled, lost
from zepix_core.testing.process import RunningHost

KILLS = int(os.environ.get("ZEPIX_HOST_KILLS") or 2)
RECOVERY_KILLS = int(os.environ.get("ZEPIX_RECOVERY_KILLS") or 1)
REST_EVERY = 10

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")


def leaving(number: int, chance: random.Random) -> str:
    """An alert that closes what the bracket plugin holds of a symbol."""
    symbol = chance.choice(list(SYMBOLS))
    body = {"id": f"X{number:06d}", "symbol": symbol, "action": "close", "price": SYMBOLS[symbol][0]}
    return json.dumps(body)


def v3_exit(number: int, chance: random.Random) -> str:
    """A V3 exit, which closes its longs on a symbol."""
    symbol = chance.choice(list(SYMBOLS))
    body = {
        "type": "exit_v3", "signal_type": "Bearish_Exit", "symbol": symbol, "direction": "sell", "tf": "15",
        "price": SYMBOLS[symbol][0], "id": f"E{number:06d}",
    }  # fmt: skip
    return json.dumps(body)


class Traffic:
    """Posts alerts one after the other until it is stopped; remembers which were answered 200."""

    def __init__(self, host: RunningHost, chance: random.Random) -> None:
        self.answered: set[int] = set()
        self._host = host
        self._chance = chance
        self._number = 0
        self._enough = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._enough.clear()
        self._thread = threading.Thread(target=self._post, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._enough.set()
        if self._thread is not None:
            self._thread.join()

    def _post(self) -> None:
        while not self._enough.is_set():
            self._number += 1
            make = self._chance.choices((bracket, pair, leaving, v3_exit), (40, 30, 20, 10))[0]
            with suppress(OSError, KeyError, ValueError):
                answer = self._host.post(make(self._number, self._chance), timeout=5)
                if answer.status == 200:
                    self.answered.add(int(answer.body["id"]))
            self._enough.wait(self._chance.uniform(0.0, 0.03))


def check(host: RunningHost, traffic: Traffic, resting: bool) -> list[str]:
    """What is lost, doubled or different; ``resting``: nothing may be open any more either."""
    if resting:
        at_rest(host)
    return [*lost(host, traffic.answered), *doubled(host), *agreed(host)]


def tell(what: str, kills: int, host: RunningHost, traffic: Traffic, began: float) -> None:
    """The line of figures."""
    orders = len(host.rows("paper", "orders"))
    sys.stderr.write(
        f"\n{what}: {kills} kills in {time.monotonic() - began:.0f} s, {len(traffic.answered)} alerts"
        f" answered 200, {orders} orders at the broker: 0 lost, 0 doubled, the three books agree\n"
    )


def test_a_host_killed_at_any_moment_loses_and_doubles_nothing(tmp_path: Path) -> None:
    chance = random.Random(11)
    began = time.monotonic()
    with RunningHost(tmp_path / "home", profile="bench") as host:
        traffic = Traffic(host, chance)
        host.start()
        for kill in range(1, KILLS + 1):
            traffic.start()
            time.sleep(chance.uniform(0.0, 0.5))
            host.kill()
            traffic.stop()
            host.start()
            assert check(host, traffic, kill % REST_EVERY == 0) == [], f"after kill {kill}"
        assert check(host, traffic, True) == []
        assert traffic.answered, "no alert was accepted: the test proves nothing"
        tell("killed under traffic", KILLS, host, traffic, began)


def test_a_host_killed_while_it_recovers_recovers_the_next_time(tmp_path: Path) -> None:
    chance = random.Random(12)
    began = time.monotonic()
    with RunningHost(tmp_path / "home", profile="bench") as host:
        traffic = Traffic(host, chance)
        host.start()
        for kill in range(1, RECOVERY_KILLS + 1):
            traffic.start()
            time.sleep(chance.uniform(0.05, 0.3))
            host.kill()
            host.start(ready=False)
            time.sleep(chance.uniform(0.2, 1.2))
            host.kill()
            traffic.stop()
            if chance.random() < 0.5:
                host.start(ready=False)
                time.sleep(chance.uniform(0.2, 1.2))
                host.kill()
            host.start()
            assert check(host, traffic, kill % REST_EVERY == 0) == [], f"after round {kill}"
        assert check(host, traffic, True) == []
        assert traffic.answered, "no alert was accepted: the test proves nothing"
        tell("killed while recovering", RECOVERY_KILLS, host, traffic, began)
