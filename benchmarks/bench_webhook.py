"""How fast the webhook answers while plugins trade. usage: bench_webhook.py [--seconds N]"""

import argparse
import asyncio
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from figures import Figure, percentile, report
from load import Sent, alerts, at_pace
from running_host import PROFILE, RunningHost, running_host, send_alone

PACE = 20.0
FREEZE_SECONDS = 6.0
SINGLES = 200
BURST = 200
SETTLE_SECONDS = 120.0


async def steady(host: RunningHost, bodies: Iterator[str], seconds: float) -> list[Figure]:
    """Twenty alerts a second for two plugins."""
    sent = await at_pace(host, bodies, PACE, seconds)
    return _answers(f"{PACE:g}/s", sent)


async def frozen(host: RunningHost, bodies: Iterator[str]) -> list[Figure]:
    """The same while the gateway's process stands still."""
    gateway = host.gateway()
    gateway.suspend()
    try:
        sent = await at_pace(host, bodies, PACE, FREEZE_SECONDS)
    finally:
        gateway.resume()
    return _answers(f"{PACE:g}/s, gateway frozen {FREEZE_SECONDS:g} s", sent)


async def singles(host: RunningHost, bodies: Iterator[str]) -> list[Figure]:
    """One alert at a time, and between two of them a bare durable commit of the same text."""
    path = host.home / "data" / "bare.db"
    connection = _bare(path)
    connected, posted, committed = [], [], []
    for _ in range(SINGLES):
        body = next(bodies)
        alone = send_alone(host, body)
        if alone.status != 200:
            raise SystemExit(f"an alert was answered {alone.status}")
        connected.append(alone.seconds_with_connect * 1000)
        posted.append(alone.seconds * 1000)
        await asyncio.sleep(0.5 / PACE)
        committed.append(_commit(connection, body) * 1000)
        await asyncio.sleep(0.5 / PACE)
    connection.close()
    whole, answered, bare = (percentile(times, 50) for times in (connected, posted, committed))
    return [
        Figure("one at a time, answer p50 with the connect", whole, "ms"),
        Figure("one at a time, answer p50 from the first byte", answered, "ms"),
        Figure("bare durable commit p50", bare, "ms"),
        Figure("answer with the connect / bare commit", whole / bare, "x", 3.0),
        Figure("answer from the first byte / bare commit", answered / bare, "x", 3.0),
    ]


async def burst(host: RunningHost, bodies: Iterator[str]) -> list[Figure]:
    """Two hundred alerts within a second."""
    sent = await at_pace(host, bodies, BURST, 1.0)
    refused = sum(one.answer.status != 200 for one in sent)
    slowest = max(one.answer.seconds for one in sent)
    return [
        Figure(f"{BURST} within 1 s, not answered 200", refused, "", 0),
        Figure(f"{BURST} within 1 s, slowest answer", slowest * 1000, "ms", 1000),
    ]


async def settled(host: RunningHost) -> list[Figure]:
    """Wait until every alert has its end, and count the ends."""
    end = time.monotonic() + SETTLE_SECONDS
    while True:
        states = Counter(str(row["state"]) for row in host.listing("alerts", "list"))
        open_ones = states["new"] + states["claimed"]
        if not open_ones or time.monotonic() > end:
            break
        await asyncio.sleep(1)
    orders = Counter(str(row["state"]) for row in host.listing("orders", "list"))
    return [
        Figure("alerts without an end", open_ones, "", 0),
        *(Figure(f"alerts {state}", count, "") for state, count in sorted(states.items()) if count),
        *(Figure(f"orders {state}", count, "") for state, count in sorted(orders.items())),
    ]


def _answers(name: str, sent: Sequence[Sent]) -> list[Figure]:
    took = [one.answer.seconds * 1000 for one in sent]
    refused = sum(one.answer.status != 200 for one in sent)
    return [
        Figure(f"{name}: alerts", len(sent), ""),
        Figure(f"{name}: not answered 200", refused, "", 0),
        Figure(f"{name}: answer p50", percentile(took, 50), "ms"),
        Figure(f"{name}: answer p99", percentile(took, 99), "ms", 50),
        Figure(f"{name}: slowest", max(took), "ms"),
    ]


def _bare(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE bare (id INTEGER PRIMARY KEY, body TEXT NOT NULL)")
    return connection


def _commit(connection: sqlite3.Connection, body: str) -> float:
    started = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO bare (body) VALUES (?)", (body,))
    connection.execute("COMMIT")
    return time.perf_counter() - started


async def measure(host: RunningHost, seconds: float) -> list[Figure]:
    """All of it on one host, one after the other."""
    bodies = alerts()
    await at_pace(host, bodies, PACE, 2)
    figures = await singles(host, bodies)
    figures += await steady(host, bodies, seconds)
    figures += await frozen(host, bodies)
    figures += await burst(host, bodies)
    return figures + await settled(host)


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=20.0, help="length of the steady part")
    seconds = arguments.parse_args().seconds
    with running_host() as host:
        figures = asyncio.run(measure(host, seconds))
    return report("Webhook", PROFILE, figures)


if __name__ == "__main__":
    sys.exit(main())
