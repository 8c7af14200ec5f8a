"""In which order a channel tells, what it drops, and what it tells together."""

from hypothesis import given
from hypothesis import strategies as st

from zepix_core.clock import NS
from zepix_core.journal.channels import WaitingNotice
from zepix_core.model.notice import Priority
from zepix_core.notify.queue import MANY, PATIENCE, STALE_NS, TOGETHER, Queue

priorities = st.sampled_from(list(Priority))
types = st.sampled_from(["entry", "info", "trend_changed"])
waits = st.lists(
    st.tuples(priorities, types, st.integers(0, 1200 * NS)), max_size=60
)  # fmt: skip


def notices(rows: list[tuple[Priority, str, int]]) -> list[WaitingNotice]:
    return [
        WaitingNotice(id=number, created_ns=created, priority=priority, type=kind)
        for number, (priority, kind, created) in enumerate(rows, 1)
    ]


@given(waits)
def test_the_urgent_go_first_and_equals_in_order_whenever_they_came(
    rows: list[tuple[Priority, str, int]],
) -> None:
    queue, expected = Queue(), notices(rows)
    queue.add(expected[::2])
    queue.add(expected)
    told: list[WaitingNotice] = []
    while front := queue.front():
        assert len({(one.type, one.priority) for one in front}) == 1
        assert len(front) == 1 or (MANY < len(front) <= TOGETHER and front[0].priority <= Priority.LOW)
        told += front
        queue.told(one.id for one in front)
    assert sorted(one.id for one in told) == [one.id for one in expected]
    urgent = [(-one.priority, one.id) for one in told if one.priority > Priority.LOW]
    assert urgent == sorted(urgent)
    ranks = [one.priority for one in told]
    assert ranks == sorted(ranks, reverse=True)


@given(waits)
def test_only_what_is_low_and_old_is_dropped(rows: list[tuple[Priority, str, int]]) -> None:
    queue, now = Queue(), 1200 * NS
    queue.add(notices(rows))
    dropped = queue.drop_stale(now)
    for one in dropped:
        assert one.priority <= Priority.LOW
        assert now - one.created_ns > STALE_NS
    for one in queue:
        assert one.priority > Priority.LOW or now - one.created_ns <= STALE_NS
    assert len(queue) + len(dropped) == len(rows)


def test_what_fails_again_and_again_steps_aside_until_another_was_told() -> None:
    queue = Queue()
    queue.add(notices([(Priority.HIGH, "entry", 0), (Priority.HIGH, "entry", 0)]))
    for _ in range(PATIENCE):
        (first,) = queue.front()
        assert first.id == 1
        queue.refused([first])
    (second,) = queue.front()
    assert second.id == 2
    queue.told([second.id])
    assert [one.id for one in queue.front()] == [1]
    queue.refused(queue.front())
    assert [one.id for one in queue.front()] == [1]


def test_one_that_stepped_aside_may_go_for_good() -> None:
    queue = Queue()
    queue.add(notices([(Priority.HIGH, "entry", 0)]))
    for _ in range(PATIENCE):
        queue.refused(queue.front())
    queue.remove([1])
    assert (queue.front(), len(queue), queue.first_id, 1 in queue) == ((), 0, None, False)
