"""The plugin's decision as the host keeps it and shows it: reasons, numbers, what happened."""

from collections.abc import Mapping
from typing import Any

from zepix_core import Decision, Gate, Verdict, as_json
from zepix_plugins_v3.decision import Action, V3Decision
from zepix_plugins_v3.store import SignalRow

_VERDICTS = {
    Action.REJECT: Verdict.REJECTED,
    Action.IGNORE: Verdict.NOTHING,
    Action.NO_ACTION: Verdict.NOTHING,
}


def unreadable() -> Decision:
    """The body is no JSON object."""
    gate = Gate("message: body", False, None, "a JSON object")
    return Decision(verdict=Verdict.REJECTED, action="reject", reason="malformed_json", gates=(gate,))


def decided(
    decision: V3Decision,
    payload: Mapping[str, Any],
    *,
    data: Mapping[str, Any] | None = None,
    tickets: tuple[int, ...] = (),
    reason: str | None = None,
) -> Decision:
    """A decision that was carried out; ``reason`` replaces its own when something came of it."""
    return Decision(
        verdict=_VERDICTS.get(decision.action, Verdict.ACTED),
        action=decision.action.value,
        reason=reason or decision.reason,
        fields=as_json(dict(payload)),
        gates=decision.gates,
        steps=decision.steps,
        data=as_json({**decision.facts(), **(data or {})}),
        tickets=tickets,
    )


def again(earlier: SignalRow, payload: Mapping[str, Any]) -> Decision:
    """An entry that was handled to its end before it was delivered once more."""
    data = {"repeated": True, "trade_id": earlier.trade_id}
    fields = as_json(dict(payload))
    if earlier.trade_placed or earlier.skip_reason in ("shadow", "unresolved"):
        return Decision(
            verdict=Verdict.ACTED,
            action=Action.ENTER.value,
            reason=earlier.skip_reason,
            fields=fields,
            data=data,
        )
    return Decision(
        verdict=Verdict.REJECTED,
        action=Action.REJECT.value,
        reason=earlier.skip_reason or "not_placed",
        fields=fields,
        data=data,
    )
