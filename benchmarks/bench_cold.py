"""How fast Zepix starts and how much memory it takes. usage: bench_cold.py [--rounds N]"""

import argparse
import asyncio
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import psutil
from figures import Figure, percentile, report
from load import alerts, at_pace
from running_host import PROFILE, RunningHost, running_host

MIB = 1024 * 1024
HOMES = 3


def cold_start(rounds: int) -> list[Figure]:
    """``zepix --version`` beside ``python -c "import click"``, in turn."""
    script = shutil.which("zepix", path=sysconfig.get_path("scripts"))
    if script is None:
        raise SystemExit("zepix is not installed in this environment")
    ours, theirs = [script, "--version"], [sys.executable, "-c", "import click"]
    _timed(ours), _timed(theirs)
    took = [(_timed(ours), _timed(theirs)) for _ in range(rounds)]
    zepix, click = (percentile([pair[side] for pair in took], 50) for side in (0, 1))
    return [
        Figure("zepix --version p50", zepix * 1000, "ms"),
        Figure('python -c "import click" p50', click * 1000, "ms"),
        Figure("zepix / click", zepix / click, "x", 1.5),
    ]


def fresh_home() -> list[Figure]:
    """From an empty folder to a host that takes alerts, with its own settings."""
    slowest = 0.0
    for _ in range(HOMES):
        with running_host(profile=None) as host:
            slowest = max(slowest, host.ready_after)
    return [Figure(f"empty home, ready after (slowest of {HOMES})", slowest, "s", 3.0)]


def memory(host: RunningHost) -> list[Figure]:
    """Resident memory of each process after some trading."""
    asyncio.run(at_pace(host, alerts(), 10, 10))
    time.sleep(2)
    figures = [Figure("host resident", _resident(host.process), "MiB", 150)]
    for worker in host.workers():
        name = Path(worker.cmdline()[-1]).stem
        figures.append(Figure(f"worker {name} resident", _resident(worker), "MiB", 40))
    return [*figures, Figure("gateway resident", _resident(host.gateway()), "MiB")]


def _timed(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def _resident(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / MIB


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=20, help="how often each program is started")
    rounds = arguments.parse_args().rounds
    figures = cold_start(rounds) + fresh_home()
    with running_host() as host:
        figures += memory(host)
    return report("Start and size", f"{PROFILE}; the empty home: default", figures)


if __name__ == "__main__":
    sys.exit(main())
