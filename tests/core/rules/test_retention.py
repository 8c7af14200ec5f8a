"""Of hourly backups a day is kept whole, and of a week the last of each day."""

from hypothesis import given
from hypothesis import strategies as st

from zepix_core.clock import NS
from zepix_core.rules.retention import DAY_NS, kept

HOUR_NS = 3600 * NS
START = 1_767_614_400 * NS  # noon
MOMENTS = st.lists(st.integers(0, 400), max_size=60).map(lambda hours: [START + h * HOUR_NS for h in hours])


def test_of_ten_days_of_hours_24_and_seven_days_stay() -> None:
    hours = [START + n * HOUR_NS for n in range(240)]
    left = kept(hours, 24, 7)
    assert set(hours[-24:]) <= left
    assert len({at // DAY_NS for at in left}) == 7
    assert len(left) == 24 + 5  # today and yesterday are among the 24


@given(MOMENTS)
def test_the_newest_always_stays_and_no_more_than_allowed(times: list[int]) -> None:
    left = kept(times, 24, 7)
    assert left <= set(times)
    assert len(left) <= 31
    assert not times or max(times) in left


@given(MOMENTS)
def test_what_was_kept_stays_when_judged_again(times: list[int]) -> None:
    assert kept(kept(times, 24, 7), 24, 7) == kept(times, 24, 7)


@given(MOMENTS)
def test_pruned_after_each_backup_the_same_ones_are_left(times: list[int]) -> None:
    held: frozenset[int] = frozenset()
    for at in sorted(times):
        held = kept((*held, at), 24, 7)
    assert held == kept(times, 24, 7)
