"""What can go wrong, where it strikes, and the plan that a seed makes of it."""

from collections import Counter
from enum import StrEnum
from random import Random

import attrs


class Unit(StrEnum):
    """What is counted until a fault strikes."""

    HOST_STEP = "host step"
    WORKER_STEP = "worker step"
    GATEWAY_STEP = "gateway step"
    COMMIT = "commit of the journal"
    READ = "read of the journal"
    PLUGIN_COMMIT = "commit of a plugin's file"
    BOOK_COMMIT = "commit of the broker's book"
    REQUEST = "request to the broker"
    QUESTION = "question to the broker"
    NEWS = "message of deals"
    SPAWN = "start of a child"
    HOOK = "hook of a plugin"
    SECOND = "second"


class Kind(StrEnum):
    """What goes wrong."""

    HOST_CRASH = "host_crash"
    WORKER_CRASH = "worker_crash"
    GATEWAY_CRASH = "gateway_crash"
    HOST_STALLS = "host_stalls"
    WORKER_HANGS = "worker_hangs"
    GATEWAY_HANGS = "gateway_hangs"
    NOT_STARTED = "not_started"
    HOOK_FAILS = "hook_fails"
    CRASH_BEFORE_COMMIT = "crash_before_commit"
    CRASH_AFTER_COMMIT = "crash_after_commit"
    WORKER_CRASH_BEFORE_COMMIT = "worker_crash_before_commit"
    WORKER_CRASH_AFTER_COMMIT = "worker_crash_after_commit"
    BUSY = "busy"
    FULL = "full"
    IO_ERROR = "io_error"
    IO_ERROR_STORED = "io_error_stored"
    SLOW_COMMIT = "slow_commit"
    READ_ERROR = "read_error"
    PLUGIN_BUSY = "plugin_busy"
    PLUGIN_FULL = "plugin_full"
    BOOK_FULL = "book_full"
    REPLY_LOST = "reply_lost"
    NOT_DELIVERED = "not_delivered"
    REPLY_LATE = "reply_late"
    DELIVERED_LATE = "delivered_late"
    REPLY_TWICE = "reply_twice"
    NO_RESULT = "no_result"
    NO_RESULT_UNSENT = "no_result_unsent"
    UNCERTAIN_CODE = "uncertain_code"
    REQUOTE = "requote"
    PARTIAL = "partial"
    REFUSED = "refused"
    STOPS_REFUSED = "stops_refused"
    GATEWAY_CRASH_BEFORE = "gateway_crash_before_execution"
    GATEWAY_CRASH_AFTER = "gateway_crash_after_execution"
    QUESTION_REFUSED = "question_refused"
    QUESTION_LOST = "question_lost"
    NEWS_LOST = "news_lost"
    NEWS_TWICE = "news_twice"
    NEWS_LATE = "news_late"
    DISCONNECT = "disconnect"
    CLOCK_JUMP = "clock_jump"
    PERSON_CLOSES = "person_closes"
    PERSON_CLOSES_PART = "person_closes_part"
    PERSON_REMOVES_STOPS = "person_removes_stops"
    PERSON_MOVES_STOPS = "person_moves_stops"
    PERSON_OPENS = "person_opens"


STRIKES: dict[Unit, tuple[Kind, ...]] = {
    Unit.HOST_STEP: (Kind.HOST_CRASH, Kind.HOST_STALLS),
    Unit.WORKER_STEP: (Kind.WORKER_CRASH, Kind.WORKER_HANGS),
    Unit.GATEWAY_STEP: (Kind.GATEWAY_CRASH, Kind.GATEWAY_HANGS),
    Unit.SPAWN: (Kind.NOT_STARTED,),
    Unit.HOOK: (Kind.HOOK_FAILS,),
    Unit.COMMIT: (
        Kind.CRASH_BEFORE_COMMIT,
        Kind.CRASH_AFTER_COMMIT,
        Kind.BUSY,
        Kind.FULL,
        Kind.IO_ERROR,
        Kind.IO_ERROR_STORED,
        Kind.SLOW_COMMIT,
    ),
    Unit.READ: (Kind.READ_ERROR,),
    Unit.PLUGIN_COMMIT: (
        Kind.WORKER_CRASH_BEFORE_COMMIT,
        Kind.WORKER_CRASH_AFTER_COMMIT,
        Kind.PLUGIN_BUSY,
        Kind.PLUGIN_FULL,
    ),
    Unit.BOOK_COMMIT: (Kind.BOOK_FULL,),
    Unit.REQUEST: (
        Kind.REPLY_LOST,
        Kind.NOT_DELIVERED,
        Kind.REPLY_LATE,
        Kind.DELIVERED_LATE,
        Kind.REPLY_TWICE,
        Kind.NO_RESULT,
        Kind.NO_RESULT_UNSENT,
        Kind.UNCERTAIN_CODE,
        Kind.REQUOTE,
        Kind.PARTIAL,
        Kind.REFUSED,
        Kind.STOPS_REFUSED,
        Kind.GATEWAY_CRASH_BEFORE,
        Kind.GATEWAY_CRASH_AFTER,
    ),
    Unit.QUESTION: (Kind.QUESTION_REFUSED, Kind.QUESTION_LOST),
    Unit.NEWS: (Kind.NEWS_LOST, Kind.NEWS_TWICE, Kind.NEWS_LATE),
    Unit.SECOND: (
        Kind.DISCONNECT,
        Kind.CLOCK_JUMP,
        Kind.PERSON_CLOSES,
        Kind.PERSON_CLOSES_PART,
        Kind.PERSON_REMOVES_STOPS,
        Kind.PERSON_MOVES_STOPS,
        Kind.PERSON_OPENS,
    ),
}
UNITS = {kind: unit for unit, kinds in STRIKES.items() for kind in kinds}

REACH: dict[Unit, int] = {
    Unit.HOST_STEP: 700,
    Unit.WORKER_STEP: 60,
    Unit.GATEWAY_STEP: 60,
    Unit.COMMIT: 30,
    Unit.READ: 60,
    Unit.PLUGIN_COMMIT: 5,
    Unit.BOOK_COMMIT: 4,
    Unit.REQUEST: 3,
    Unit.QUESTION: 25,
    Unit.NEWS: 3,
    Unit.SPAWN: 2,
    Unit.HOOK: 4,
    Unit.SECOND: 20,
}
"""How far behind the beginning of an act a fault of that unit may strike."""


@attrs.frozen
class Fault:
    """One thing that goes wrong.

    Attributes:
        act: Number of the act from whose beginning it counts, 0 is the first.
        after: It strikes at this one of its unit, counted from 1.
        size: 0 to 1: how long, how much or how far, as the kind understands it.
    """

    kind: Kind
    act: int
    after: int
    size: float = 0.0

    @property
    def unit(self) -> Unit:
        """What is counted."""
        return UNITS[self.kind]

    def __str__(self) -> str:
        return f"{self.kind} at {self.unit} {self.after} of act {self.act} (size {self.size:.3f})"


OFTEN: dict[Kind, int] = {
    Kind.HOST_CRASH: 8,
    Kind.CRASH_BEFORE_COMMIT: 3,
    Kind.CRASH_AFTER_COMMIT: 5,
    Kind.WORKER_CRASH: 2,
    Kind.GATEWAY_CRASH: 2,
    Kind.GATEWAY_CRASH_AFTER: 3,
    Kind.REPLY_LOST: 3,
    Kind.NO_RESULT: 2,
    Kind.DISCONNECT: 2,
}
"""How often a kind is drawn, where that is not once: what known disasters began with comes more often."""


def plan_of(chance: Random, acts: int) -> tuple[Fault, ...]:
    """The faults of a seed: none now and then, mostly a few, sometimes many of one kind."""
    number = chance.choice((0, 1, 1, 2, 2, 3, 3, 4, 5, 7))
    kinds = [kind for kind in Kind for _ in range(OFTEN.get(kind, 1))]
    if chance.random() < 0.2:
        kinds = chance.sample(kinds, 2)
    faults = []
    for _ in range(number):
        kind = chance.choice(kinds)
        # Near the beginning of an act most happens.
        after = 1 + int(REACH[UNITS[kind]] * chance.random() ** 2)
        faults.append(Fault(kind, chance.randrange(acts), after, chance.random()))
    return tuple(sorted(faults, key=lambda fault: (fault.act, fault.kind, fault.after)))


class Striker:
    """Counts, and says when a fault strikes.

    Attributes:
        struck: Faults that have struck, by kind.
        occasions: How many of each unit there were before all was to come to rest.
    """

    def __init__(self, plan: tuple[Fault, ...]) -> None:
        self.struck: Counter[Kind] = Counter()
        self.occasions: Counter[Unit] = Counter()
        self._plan = plan
        self._waiting: dict[Unit, list[list[int]]] = {}
        self._faults: list[Fault] = []
        self._ended = False

    def begin(self, act: int) -> tuple[Fault, ...]:
        """An act begins: count for its faults from now on; those that strike by time are returned."""
        timed = []
        for fault in self._plan:
            if fault.act != act:
                continue
            if fault.unit is Unit.SECOND:
                timed.append(fault)
                continue
            self._faults.append(fault)
            self._waiting.setdefault(fault.unit, []).append([fault.after, len(self._faults) - 1])
        return tuple(timed)

    def count(self, unit: Unit) -> Fault | None:
        """One more of ``unit``: the fault that strikes it, if any."""
        if not self._ended:
            self.occasions[unit] += 1
        waiting = self._waiting.get(unit)
        if not waiting:
            return None
        due = None
        for countdown in waiting:
            countdown[0] -= 1
            if countdown[0] <= 0 and due is None:
                due = countdown
        if due is None:
            return None
        waiting.remove(due)
        fault = self._faults[due[1]]
        self.struck[fault.kind] += 1
        return fault

    def note(self, fault: Fault) -> None:
        """A fault that strikes by time has struck."""
        self.struck[fault.kind] += 1

    def end(self) -> None:
        """From now on all goes well."""
        self._ended = True
        self._waiting.clear()
