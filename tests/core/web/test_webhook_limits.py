"""Who may stand in the door."""

import attrs
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.testing.clock import VirtualClock
from zepix_core.web.limits import MOST_SOURCES, Door, WrongTokens


@attrs.define(eq=False)
class Standing:
    """A caller that only remembers."""

    source: str
    admitted: bool = False

    def admit(self) -> None:
        self.admitted = True

    def leave_if_idle(self) -> bool:
        return False


def test_a_source_is_blocked_after_its_wrong_tokens_and_free_a_minute_later() -> None:
    clock = VirtualClock()
    wrong = WrongTokens(clock, 3)
    for _ in range(3):
        assert not wrong.is_blocked("a")
        wrong.note("a")
    assert wrong.is_blocked("a")
    assert not wrong.is_blocked("b")
    clock.advance(59.9)
    assert wrong.is_blocked("a")
    clock.advance(0.1)
    assert not wrong.is_blocked("a")


def test_sources_are_forgotten_after_ten_minutes_and_beyond_ten_thousand() -> None:
    clock = VirtualClock()
    wrong = WrongTokens(clock, 3)
    for number in range(MOST_SOURCES + 5):
        wrong.note(str(number))
    assert len(wrong) == MOST_SOURCES
    clock.advance(601)
    wrong.note("new")
    assert len(wrong) == 1


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc"), st.integers(0, 9)), max_size=80))
def test_never_more_inside_than_allowed_and_nobody_waits_beside_a_free_place(
    moves: list[tuple[bool, str, int]],
) -> None:
    door = Door(most=8, per_source=2)
    present: list[Standing] = []
    for enters, source, which in moves:
        if enters:
            caller = Standing(source)
            turn = door.enter(caller)
            assert (turn is None) == (len(present) >= 8)
            caller.admitted = bool(turn)
            if turn is not None:
                present.append(caller)
        elif present:
            door.leave(present.pop(which % len(present)))
        assert len(door) == len(present)
        for name in "abc":
            inside = [caller for caller in present if caller.source == name]
            assert sum(caller.admitted for caller in inside) == min(2, len(inside))
