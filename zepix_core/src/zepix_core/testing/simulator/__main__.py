"""``python -m zepix_core.testing.simulator``: run seeds, tell what did not hold and how to see it again."""

import argparse
import importlib
import sys
from collections.abc import Iterable, Sequence

from zepix_core.testing.simulator.campaign import MakeCast, campaign
from zepix_core.testing.simulator.cast import own_cast
from zepix_core.testing.simulator.exhaustive import WALKED, walk
from zepix_core.testing.simulator.faults import Kind
from zepix_core.testing.simulator.report import told
from zepix_core.testing.simulator.run import Outcome, Scenario, Theatre
from zepix_core.testing.simulator.shrink import shrink

SHOWN = 3
ALL = "all"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; 1 when something did not hold."""
    asked = _parser().parse_args(arguments)
    make: MakeCast = own_cast if asked.cast is None else _named(asked.cast)
    if asked.walk is not None:
        with Theatre(make()) as theatre:
            kinds = WALKED if asked.walk == ALL else (Kind(asked.walk),)
            steps = [step for kind in kinds for step in walk(theatre, kind, every=asked.every)]
        return _many(make, steps, asked.jobs)
    if asked.seed is not None:
        return _one(make, asked.seed, asked.trace)
    first, _, last = asked.seeds.partition("..")
    return _many(make, range(int(first), int(last or first) + 1), asked.jobs)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m zepix_core.testing.simulator", description=__doc__)
    parser.add_argument("--seed", type=int, help="run one seed")
    parser.add_argument("--trace", action="store_true", help="with --seed: print every line as it happens")
    parser.add_argument("--seeds", default="1..100", metavar="A..B", help="run these seeds (default 1..100)")
    parser.add_argument("--jobs", type=int, default=1, help="in so many processes")
    parser.add_argument("--walk", choices=[ALL, *map(str, WALKED)], metavar="FAULT",
                        help="strike one scenario at each of its steps with this fault")  # fmt: skip
    parser.add_argument("--every", type=int, default=1, help="with --walk: at every so many only")
    parser.add_argument("--cast", metavar="MODULE:FUNCTION", help="a function that returns a Cast")
    return parser


def _named(text: str) -> MakeCast:
    module, _, name = text.partition(":")
    make: MakeCast = getattr(importlib.import_module(module), name)
    return make


def _one(make: MakeCast, seed: int, trace: bool) -> int:
    with Theatre(make()) as theatre:
        outcome = theatre.seed(seed)
        if outcome.violations:
            outcome = shrink(outcome, theatre.run)
        if trace:
            theatre.run(outcome.scenario, print)
        print(told(outcome, lines=0 if trace else None))
    return 1 if outcome.violations else 0


def _many(make: MakeCast, what: Iterable[int | Scenario], jobs: int) -> int:
    def seen(outcome: Outcome) -> None:
        if outcome.violations:
            print(told(outcome, lines=0), flush=True)

    tally = campaign(what, jobs, make, seen)
    if tally.failed:
        with Theatre(make()) as theatre:
            for outcome in tally.failed[:SHOWN]:
                print(_smallest(outcome, theatre))
    print(tally)
    return 1 if tally.failed else 0


def _smallest(outcome: Outcome, theatre: Theatre) -> str:
    return "the smallest that fails so:\n" + told(shrink(outcome, theatre.run))


if __name__ == "__main__":
    sys.exit(main())
