"""Disks that refuse and locks that stay, under a whole host with real processes (tox -e disk).

Each round one file or process meets a real fault for some seconds while alerts come in and a person closes;
some rounds a kill comes on top. Afterwards everything agrees, and people heard of each fault of the journal.
"""

import http.client
import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.core.storage.breaking import locked
from tests.system.campaigns import count, first_seed
from tests.system.homes import always_open
from tests.system.killing import bracket, contradictions, pair, resolved
from zepix_core.testing.process import RunningHost

ROUNDS = count("ZEPIX_ROUNDS", 0)
FAULTS = ("host", "gateway", "worker", "journal.db", "paper.db", "host and a kill")
pytestmark = [
    pytest.mark.skipif(not ROUNDS, reason="a slow proof: tox -e disk"),
    pytest.mark.skipif(not hasattr(psutil, "RLIMIT_FSIZE"), reason="needs limits of file size"),
]


@contextmanager
def small_files(pids: list[int]) -> Iterator[None]:
    """Every write of these processes fails with a real I/O error, as on a disk that is gone."""
    processes = [psutil.Process(pid) for pid in pids]
    before = [process.rlimit(psutil.RLIMIT_FSIZE) for process in processes]
    for process, (_, hard) in zip(processes, before, strict=True):
        process.rlimit(psutil.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        for process, limit in zip(processes, before, strict=True):
            with suppress(psutil.NoSuchProcess):
                process.rlimit(psutil.RLIMIT_FSIZE, limit)


class Torture:
    """One host under one seed."""

    def __init__(self, host: RunningHost, seed: int) -> None:
        self.host, self.chance = host, random.Random(seed)
        self.accepted: set[int] = set()
        self.refused = self.closed = 0
        self._number = 0

    def post(self, many: int) -> None:
        for _ in range(many):
            self._number += 1
            make = pair if self.chance.random() < 0.3 else bracket
            with suppress(OSError, ValueError, http.client.HTTPException):
                answer = self.host.post(make(self._number, self.chance), timeout=10)
                if answer.status == 200:
                    self.accepted.add(int(answer.body["id"]))
                else:
                    assert answer.status == 503, answer
                    self.refused += 1

    def round(self, fault: str) -> None:
        seconds = self.chance.uniform(1.0, 7.0)
        with self.struck(fault):
            until = time.monotonic() + seconds
            self.post(3)
            self.close_one()
            while time.monotonic() < until:
                self.post(1)
                time.sleep(0.3)
            if "kill" in fault:
                self.host.kill()
        if "kill" in fault:
            self.host.start()
        self.host.wait_ready(30.0)
        self.post(2)

    @contextmanager
    def struck(self, fault: str) -> Iterator[None]:
        if fault.endswith(".db"):
            with locked(self.host.home / "data" / fault):
                yield
            return
        children = self.host.children()
        with small_files([self.host.pid] if fault.startswith("host") else children[fault]):
            yield

    def close_one(self) -> None:
        """A person closes, whatever the disk does; what is refused is refused in words."""
        done = self.host.cli("positions", "list", "--format", "json-lines")
        tickets = [str(json.loads(line)["ticket"]) for line in done.stdout.splitlines()]
        if tickets:
            result = self.host.cli("positions", "close", self.chance.choice(tickets))
            assert "Traceback" not in result.stderr
            self.closed += result.returncode == 0

    def faults(self) -> list[str]:
        """Contradictions of the books; a close that was sent while nothing could be written has no intent."""
        closes = {
            order["comment"].split(":")[1]
            for order in self.host.rows("paper", "orders")
            if order["action"] == "close" and order["comment"].count(":") == 2
        }
        unknown = {f"the broker executed {one}, which the journal does not know" for one in closes}
        return [text for text in contradictions(self.host, self.accepted) if text not in unknown]


@pytest.mark.parametrize("seed", [first_seed()])
def test_faults_of_the_disk_lose_nothing_double_nothing_and_end_by_themselves(
    tmp_path: Path, seed: int
) -> None:
    with RunningHost(always_open(tmp_path / "home")) as host:
        host.start()
        torture = Torture(host, seed)
        torture.post(4)
        for number in range(ROUNDS):
            torture.round(FAULTS[number % len(FAULTS)])
        host.settled(120)
        resolved(host, 120)
        host.cli("reconcile")
        assert torture.faults() == []
        assert host.cli("db", "check").returncode == 0
        told = [row["type"] for row in host.rows("notices", "list") if row["type"].startswith("storage")]
        assert told.count("storage_mended") >= ROUNDS // len(FAULTS)
        print(
            f"{ROUNDS} rounds: {len(torture.accepted)} alerts taken, {torture.refused} answered 503, "
            f"{torture.closed} closed by hand, told: {len(told)}"
        )
