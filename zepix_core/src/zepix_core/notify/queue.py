"""What a channel has yet to tell, in the order in which it does. Pure.

The most urgent first, and among equals the oldest. Of what matters little the old is dropped, and many of one
type are told together.
"""

import heapq
from collections.abc import Iterable, Iterator

from zepix_core.clock import NS
from zepix_core.journal.channels import WaitingNotice
from zepix_core.model.notice import Priority

STALE_NS = 600 * NS
MANY = 10
TOGETHER = 50
PATIENCE = 5


class Queue:
    """The waiting notices of one channel, by id."""

    def __init__(self) -> None:
        self._waiting: dict[int, WaitingNotice] = {}
        self._heap: list[tuple[int, int]] = []
        self._tries: dict[int, int] = {}
        self._aside: set[int] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[WaitingNotice]:
        return iter(self._waiting.values())

    def __contains__(self, number: int) -> bool:
        return number in self._waiting

    @property
    def first_id(self) -> int | None:
        """The lowest id that waits."""
        return min(self._waiting, default=None)

    def add(self, notices: Iterable[WaitingNotice]) -> None:
        """Take in notices; those that wait already are left as they are."""
        for notice in notices:
            if notice.id not in self._waiting:
                self._waiting[notice.id] = notice
                heapq.heappush(self._heap, (-notice.priority, notice.id))

    def remove(self, ids: Iterable[int]) -> None:
        """These wait no more."""
        for number in ids:
            self._waiting.pop(number, None)
            self._tries.pop(number, None)
            self._aside.discard(number)

    def drop_stale(self, now_ns: int) -> tuple[WaitingNotice, ...]:
        """Take out what is low, and older than 10 minutes."""
        stale = tuple(
            notice
            for notice in self._waiting.values()
            if notice.priority <= Priority.LOW and now_ns - notice.created_ns > STALE_NS
        )
        self.remove(notice.id for notice in stale)
        return stale

    def front(self) -> tuple[WaitingNotice, ...]:
        """What is told next: one notice, or up to 50 of one type where more than 10 low ones wait."""
        first = self._first()
        if first is None:
            return ()
        if first.priority > Priority.LOW:
            return (first,)
        kind = (first.type, first.priority)
        alike = [one for one in self._waiting.values() if (one.type, one.priority) == kind]
        alike.sort(key=lambda one: one.id)
        return tuple(alike[:TOGETHER]) if len(alike) > MANY else (first,)

    def refused(self, notices: Iterable[WaitingNotice]) -> None:
        """The receiver failed on these. One that it fails on again and again lets the others go first."""
        for notice in notices:
            self._tries[notice.id] = self._tries.get(notice.id, 0) + 1
            if self._tries[notice.id] >= PATIENCE:
                self._aside.add(notice.id)

    def told(self, ids: Iterable[int]) -> None:
        """These were told, so the receiver is well: who was set aside is tried in its turn again."""
        self.remove(ids)
        for number in self._aside:
            heapq.heappush(self._heap, (-self._waiting[number].priority, number))
        self._aside.clear()

    def _first(self) -> WaitingNotice | None:
        while self._heap:
            number = self._heap[0][1]
            if number in self._waiting and number not in self._aside:
                return self._waiting[number]
            heapq.heappop(self._heap)
        if not self._aside:
            return None
        return self._waiting[min(self._aside, key=lambda number: (-self._waiting[number].priority, number))]
