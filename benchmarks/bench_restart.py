"""How long a host with a long past and many positions takes to start. usage: bench_restart.py [--rows N]"""

import argparse
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from figures import Figure, report
from past import lengthen
from running_host import PROFILE, RunningHost, running_host, send_alone

from zepix_core.rules.trading_day import TradingDays

POSITIONS = 50
STARTS = 3
PRICES = {"EURUSD": (1.085, 0.05), "GBPUSD": (1.264, 0.05), "USDJPY": (148.2, 5.0), "XAUUSD": (2035.0, 100.0)}


def entry(number: int) -> str:
    """A bracket whose stops nothing meets."""
    symbol, (price, distance) = list(PRICES.items())[number % len(PRICES)]
    return json.dumps(
        {
            "id": f"R{number:06d}",
            "symbol": symbol,
            "action": "buy",
            "lots": 0.01,
            "price": price,
            "sl": price - distance,
            "tp": price + distance,
        }
    )


def traded(host: RunningHost, bodies: list[str]) -> None:
    """Send alerts and wait until each is finished."""
    for body in bodies:
        answer = send_alone(host, body)
        if answer.status != 200:
            raise SystemExit(f"an alert was answered {answer.status}")
    until = time.monotonic() + 120
    while any(row["state"] in ("new", "claimed") for row in host.listing("alerts", "list")):
        if time.monotonic() > until:
            raise SystemExit("the alerts were not handled")
        time.sleep(0.2)


@contextmanager
def long_past(rows: int) -> Iterator[tuple[Path, int]]:
    """A home with that many rows in the chain, and open positions; and how large its journal is, bytes."""
    with tempfile.TemporaryDirectory(prefix="zepix-bench-") as folder:
        home = Path(folder) / "home"
        with running_host(home=home) as host:
            traded(host, [entry(0)])
            traded(host, ['{"id": "out", "symbol": "EURUSD", "action": "close"}'])
        lengthen(home / "data", rows, TradingDays.named("03:35", "Asia/Kolkata"))
        with running_host(home=home) as host:
            traded(host, [entry(number) for number in range(1, POSITIONS + 1)])
            held = len(host.listing("positions", "list"))
        if held != POSITIONS:
            raise SystemExit(f"{held} positions are open, not {POSITIONS}")
        yield home, (home / "data" / "journal.db").stat().st_size


def starts(home: Path, *, after_kill: bool) -> float:
    """The slowest of some starts, seconds until alerts are taken; the runs before were killed or stopped."""
    slowest = 0.0
    for _ in range(STARTS):
        with running_host(home=home) as host:
            slowest = max(slowest, host.ready_after)
            if after_kill:
                host.process.kill()
    return slowest


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=100_000, help="rows of the journal's chain")
    rows = arguments.parse_args().rows
    with long_past(rows) as (home, size):
        with closing(sqlite3.connect(home / "data" / "journal.db")) as journal:
            (found,) = journal.execute("SELECT count(*) FROM journal_events").fetchone()
        ended, killed = (starts(home, after_kill=kill) for kill in (False, True))
    figures = [
        Figure("rows of the chain", found, ""),
        Figure("journal.db", size / 1e6, "MB"),
        Figure("open positions", POSITIONS, ""),
        Figure(f"ready after an orderly end (slowest of {STARTS})", ended, "s", 5.0),
        Figure(f"ready after a kill (slowest of {STARTS})", killed, "s", 5.0),
    ]
    return report("Restart", PROFILE, figures)


if __name__ == "__main__":
    sys.exit(main())
