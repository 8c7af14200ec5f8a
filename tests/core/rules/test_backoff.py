from hypothesis import given
from hypothesis import strategies as st

from zepix_core.rules.backoff import Backoff


def test_delays_double_to_a_minute_and_start_again_after_ten_healthy_minutes() -> None:
    backoff = Backoff(lambda: 1.0)
    assert [backoff.after(1.0) for _ in range(9)] == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]
    assert backoff.after(600.0) == 0.5


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 40))
def test_a_delay_is_never_beyond_its_ceiling(part: float, tries: int) -> None:
    backoff = Backoff(lambda: part)
    assert all(0 <= backoff.after(0.0) <= 60 for _ in range(tries))
