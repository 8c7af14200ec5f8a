"""The stop and the targets of an entry, judged as they were sent."""

import pytest

from zepix_plugins_v6.profiles import INTRADAY, MOMENTUM, SCALPING, SWING, Profile

from .messages import decided, entry_body, facts


@pytest.mark.parametrize(
    ("profile", "tail", "detail"),
    [
        (SCALPING, "", "missing_sl"),
        (SCALPING, "NaN|2660|2670|2680|", "missing_sl"),
        (SCALPING, "2650.5|NaN|2670|2680|", "invalid_sl"),
        (SCALPING, "2660|2640|2670|2680|", "invalid_sl"),
        (SCALPING, "2640|NaN|2670|2680|", "missing_tp"),
        (SCALPING, "2640|2650.5|2670|2680|", "invalid_tp"),
        (SCALPING, "2640|2660|1|1|", None),
        (MOMENTUM, "2640|NaN|2600|2680|", "missing_tp"),
        (MOMENTUM, "2640|2600|2670|2680|", "invalid_tp"),
        (MOMENTUM, "2640|2660|2600|2680|", "invalid_tp"),
        (INTRADAY, "2640|NaN|2670|NaN|", None),
        (SWING, "2640|NaN|2670|NaN|", None),
        (SWING, "2640|NaN|2670|2600|", "invalid_tp"),
        (SWING, "2640|NaN|NaN|2680|", None),
        (SWING, "2640|2660|NaN|NaN|", "missing_tp"),
    ],
)
def test_levels_are_judged_as_sent_and_only_those_in_use(
    profile: Profile, tail: str, detail: str | None
) -> None:
    decision = decided(entry_body(profile, tail=tail, score=0 if detail else 90), profile, facts())
    assert (decision.reason, decision.detail) == ("levels" if detail else None, detail)
