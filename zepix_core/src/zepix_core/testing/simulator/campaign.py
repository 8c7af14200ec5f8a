"""Many seeds, in several processes, and the sum of what came of them."""

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import attrs

from zepix_core.testing.simulator.cast import Cast, own_cast
from zepix_core.testing.simulator.faults import Kind
from zepix_core.testing.simulator.run import Outcome, Scenario, Theatre

CHUNK = 5
MakeCast = Callable[[], Cast]
_theatre: Theatre | None = None


@attrs.define
class Tally:
    """What a campaign adds up to.

    Attributes:
        failed: Outcomes in which something did not hold.
        seconds: Of real time; ``virtual``: of the hosts' time.
    """

    runs: int = 0
    steps: int = 0
    commits: int = 0
    requests: int = 0
    starts: int = 0
    checks: int = 0
    virtual: float = 0.0
    seconds: float = 0.0
    struck: Counter[Kind] = attrs.field(factory=Counter)
    failed: list[Outcome] = attrs.field(factory=list)

    def add(self, outcome: Outcome) -> None:
        """Count one run."""
        self.runs += 1
        self.steps += sum(outcome.steps.values())
        self.commits += outcome.commits
        self.requests += outcome.requests
        self.starts += outcome.starts
        self.checks += outcome.checks
        self.virtual += outcome.seconds
        self.struck += outcome.struck
        if outcome.violations:
            self.failed.append(outcome)

    def __str__(self) -> str:
        each = self.seconds / self.runs if self.runs else 0.0
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.struck.items()))
        return (
            f"faults struck: {kinds or 'none'}\n"
            f"{self.runs} runs, {len(self.failed)} failed; {sum(self.struck.values())} faults of"
            f" {len(self.struck)} kinds struck, {self.steps} steps, {self.commits} commits,"
            f" {self.requests} requests executed, {self.starts} host starts, {self.checks} checks of the"
            f" invariants, {self.virtual / 3600:.1f} hours of virtual time in {self.seconds:.0f} s"
            f" ({each:.2f} s each)"
        )


def campaign(
    what: Iterable[int | Scenario],
    jobs: int = 1,
    make: MakeCast = own_cast,
    seen: Callable[[Outcome], None] | None = None,
) -> Tally:
    """Run all of them.

    Args:
        what: Seeds, or whole scenarios.
        jobs: Processes; with one, all runs happen in this.
        make: Makes the cast; with more than one job it must be a function that can be imported.
        seen: Told of each outcome as it comes.
    """
    tally, began = Tally(), time.monotonic()
    outcomes = _here(what, make) if jobs <= 1 else _spread(list(what), jobs, make)
    for outcome in outcomes:
        tally.add(outcome)
        tally.seconds = time.monotonic() - began
        if seen is not None:
            seen(outcome)
    tally.seconds = time.monotonic() - began
    return tally


def _here(what: Iterable[int | Scenario], make: MakeCast) -> Iterator[Outcome]:
    with Theatre(make()) as theatre:
        for one in what:
            yield _played(theatre, one)


def _spread(what: list[int | Scenario], jobs: int, make: MakeCast) -> Iterator[Outcome]:
    with multiprocessing.get_context("spawn").Pool(jobs, _build, (make,)) as pool:
        yield from pool.imap_unordered(_play, what, CHUNK)
        pool.close()
        pool.join()


def _build(make: MakeCast) -> None:
    global _theatre  # noqa: PLW0603 (one a process of the pool)
    _theatre = Theatre(make())


def _play(one: int | Scenario) -> Outcome:
    if _theatre is None:
        raise RuntimeError("the process was not prepared")
    return _played(_theatre, one)


def _played(theatre: Theatre, one: int | Scenario) -> Outcome:
    """Nobody reads the lines of a run in which all held."""
    outcome = theatre.run(one) if isinstance(one, Scenario) else theatre.seed(one)
    return outcome if outcome.violations else attrs.evolve(outcome, lines=())
