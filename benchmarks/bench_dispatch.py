"""What a tick to 20 plugins in a process costs beside plain pluggy. usage: bench_dispatch.py [--rounds N]"""

import argparse
import sys
from collections.abc import Callable
from typing import Any

import pluggy
from figures import Figure, percentile, report

from zepix_core import hookspecs
from zepix_core.clock import stopwatch_ns
from zepix_core.hookspecs import hookimpl
from zepix_core.model.market import Tick
from zepix_core.plugins.dispatch import Dispatcher

PLUGINS = 20
CALLS = 1_000
API: Any = object()
TICK = Tick(symbol="EURUSD", bid=1.1700, ask=1.1702, time_ns=1_767_614_400_000_000_000)


class Both:
    """Takes everything."""

    @hookimpl
    def on_tick(self, tick: Tick, api: Any) -> None:
        return None


class One:
    """Takes the tick only."""

    @hookimpl
    def on_tick(self, tick: Tick) -> None:
        return None


class Turned:
    """Takes everything the other way round."""

    @hookimpl
    def on_tick(self, api: Any, tick: Tick) -> None:
        return None


class Silent:
    """Has no such hook."""

    @hookimpl
    def on_stop(self) -> None:
        return None


KINDS = (Both, Both, Both, One, Turned)


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "--rounds", type=int, default=200, help=f"how often {CALLS} calls of each are timed"
    )
    rounds = arguments.parse_args().rounds
    plugins = [KINDS[number % len(KINDS)]() for number in range(PLUGINS)]
    plain = pluggy.PluginManager(hookspecs.PROJECT)
    plain.add_hookspecs(hookspecs)
    ours, bound, crowded = Dispatcher(), Dispatcher(), Dispatcher()
    for number, plugin in enumerate(plugins):
        plain.register(plugin, name=f"p{number}")
        for dispatcher in (ours, bound, crowded):
            dispatcher.register(plugin, f"p{number}")
        bound.bind(f"p{number}", api=object())
    for number in range(PLUGINS):
        crowded.register(Silent(), f"s{number}")
    hook = plain.hook.on_tick
    timed = in_turn(
        {
            "pluggy": lambda: hook(tick=TICK, api=API),
            "ours": lambda: ours.call_now("on_tick", tick=TICK, api=API),
            "bound": lambda: bound.call_now("on_tick", tick=TICK),
            "crowded": lambda: crowded.call_now("on_tick", tick=TICK, api=API),
        },
        rounds,
    )
    check(ours, rounds)
    p50 = {name: percentile(values, 50) for name, values in timed.items()}
    return report(
        f"Dispatch of one tick to {PLUGINS} plugins",
        "none needed",
        [
            Figure("plain pluggy p50", p50["pluggy"], "us"),
            Figure("dispatcher, guarded and timed p50", p50["ours"], "us"),
            Figure("dispatcher / pluggy", p50["ours"] / p50["pluggy"], "x", 0.7),
            Figure("fastest of each, dispatcher / pluggy", min(timed["ours"]) / min(timed["pluggy"]), "x"),
            Figure("each plugin with an API of its own / pluggy", p50["bound"] / p50["pluggy"], "x"),
            Figure(
                f"beside {PLUGINS} more that do not implement it / without",
                p50["crowded"] / p50["ours"],
                "x",
            ),
        ],
    )


def in_turn(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Microseconds a call, each kind in turn so that a busy moment meets all of them."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            started = stopwatch_ns()
            for _ in range(CALLS):
                call()
            found[name].append((stopwatch_ns() - started) / CALLS / 1000)
    return found


def check(dispatcher: Dispatcher, rounds: int) -> None:
    """Every implementation was really called and timed."""
    counted = {(row.calls, row.errors, row.seconds > 0) for row in dispatcher.metrics()}
    if counted != {(rounds * CALLS, 0, True)}:
        raise SystemExit(f"not every call was counted: {counted}")


if __name__ == "__main__":
    sys.exit(main())
