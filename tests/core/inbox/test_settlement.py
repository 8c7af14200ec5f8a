"""How deliveries settle an alert."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.errors import PluginError, WorkerDied
from zepix_core.inbox.settlement import (
    DeliveryState,
    Outcome,
    Settlement,
    failure,
    one_line,
    outcome_of,
    settle,
)
from zepix_core.model.decision import Decision, Verdict

ACTED = Outcome(DeliveryState.ACTED)
NOTHING = Outcome(DeliveryState.NOTHING, "not_v3")
LOW_SCORE = Outcome(DeliveryState.REJECTED, "low_score")
NO_TREND = Outcome(DeliveryState.REJECTED, "no_trend")
FAILED = Outcome(DeliveryState.FAILED, "deadline")
AWAY = Outcome(DeliveryState.FAILED, "plugin_unavailable")
EXPIRED = Outcome(DeliveryState.EXPIRED, "expired")
FED = Outcome(DeliveryState.ACTED, feed=True)
HEARD = Outcome(DeliveryState.NOTHING, "heard", feed=True)
LEFT = Outcome(DeliveryState.NOTHING, None, feed=True)
NOBODY = Outcome(DeliveryState.REJECTED, "no_plugin", feed=True)
FEED_BROKE = Outcome(DeliveryState.FAILED, "plugin_error", feed=True)


@pytest.mark.parametrize(
    ("outcomes", "state", "reason"),
    [
        ([], "refused", "no_plugin"),
        ([ACTED], "done", None),
        ([LOW_SCORE, ACTED], "done", None),
        ([FAILED, ACTED], "done", None),
        ([NOTHING, LOW_SCORE], "done", "not_v3"),
        ([LOW_SCORE, NO_TREND], "refused", "low_score"),
        ([EXPIRED, NO_TREND], "refused", "no_trend"),
        ([EXPIRED, EXPIRED], "refused", "expired"),
        ([EXPIRED, AWAY], "refused", "expired"),
        ([AWAY], "refused", "plugin_unavailable"),
        ([FAILED], "dead", "deadline"),
        ([NOTHING, FAILED, NO_TREND], "dead", "deadline"),
        ([FED], "done", None),
        ([HEARD], "done", "heard"),
        ([NOBODY], "refused", "no_plugin"),
        ([LEFT], "refused", "no_plugin"),
        ([LEFT, NOTHING], "done", "not_v3"),
        ([LEFT, LOW_SCORE], "refused", "low_score"),
        ([LEFT, AWAY], "refused", "plugin_unavailable"),
        ([HEARD, LOW_SCORE], "refused", "low_score"),
        ([HEARD, EXPIRED], "refused", "expired"),
        ([NOBODY, NOTHING], "done", "not_v3"),
        ([NOBODY, ACTED], "done", None),
        ([FED, AWAY], "done", None),
        ([FED, FAILED], "dead", "deadline"),
        ([FEED_BROKE, NOTHING], "dead", "plugin_error"),
        ([FEED_BROKE, ACTED], "done", None),
    ],
)
def test_the_deliveries_decide_the_alerts_state(
    outcomes: list[Outcome], state: str, reason: str | None
) -> None:
    assert settle(outcomes) == Settlement(state, reason)


@given(st.lists(st.builds(Outcome, st.sampled_from(DeliveryState), st.none()), min_size=1))
def test_an_alert_is_settled_exactly_when_no_delivery_is_open(outcomes: list[Outcome]) -> None:
    assert (settle(outcomes) is None) == any(outcome.open for outcome in outcomes)


def test_a_rejection_without_a_reason_has_its_actions_name() -> None:
    assert outcome_of(Decision(verdict=Verdict.REJECTED, action="reject")).reason == "reject"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PluginError("buyer: KeyError: 'tp'."), "plugin_error"),
        (PluginError("it is off.", code="plugin_unavailable"), "plugin_unavailable"),
        (WorkerDied("it ended."), "worker_died"),
        (WorkerDied("too long.", code="deadline"), "deadline"),
    ],
)
def test_a_failure_has_its_errors_code_and_text(error: PluginError, code: str) -> None:
    assert failure(error) == Outcome(DeliveryState.FAILED, code, str(error))


@given(st.text(max_size=2000))
def test_what_went_wrong_is_kept_in_one_short_line(text: str) -> None:
    line = one_line(text)
    assert len(line) <= 1000
    assert line.isprintable()
