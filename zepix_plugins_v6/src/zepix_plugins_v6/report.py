"""A decision as the host keeps it and shows it: reasons, numbers, what happened."""

from collections.abc import Mapping
from typing import Any

import attrs

from zepix_core import Decision, Verdict, as_json
from zepix_plugins_v6.decision import Action, Body, V6Decision
from zepix_plugins_v6.messages import Entry, V6Message
from zepix_plugins_v6.store import UNRESOLVED, SignalRow

NOTHING_OPEN = "no_open_position"

_REFUSED = frozenset({Action.REJECT, Action.MALFORMED})
_REFUSALS = frozenset({"duplicate", "no_plugin", "wrong_timeframe"})


def verdict_of(decision: V6Decision) -> Verdict:
    """How a decision counts when it is carried out."""
    if decision.action in _REFUSED or decision.reason in _REFUSALS:
        return Verdict.REJECTED
    return Verdict.ACTED if decision.orders or decision.closes else Verdict.NOTHING


def decided(
    decision: V6Decision,
    *,
    verdict: Verdict | None = None,
    reason: str | None = None,
    data: Mapping[str, Any] | None = None,
    tickets: tuple[int, ...] = (),
) -> Decision:
    """A decision that was carried out; ``verdict`` and ``reason`` replace its own."""
    return Decision(
        verdict=verdict or verdict_of(decision),
        action=decision.action.value,
        reason=reason or decision.reason,
        fields=fields_of(decision.message),
        gates=decision.gates,
        steps=decision.steps,
        data=as_json({**decision.facts(), **(data or {})}),
        tickets=tickets,
    )


def ignored(reason: str) -> Decision:
    """A message of another format."""
    return Decision(verdict=Verdict.NOTHING, action=Action.IGNORED.value, reason=reason)


def again(earlier: SignalRow, message: V6Message) -> Decision:
    """An entry or an exit that was handled to its end before it was delivered once more."""
    entry = isinstance(message, Entry)
    done = earlier.skip_reason is None or (entry and earlier.skip_reason in ("shadow", UNRESOLVED))
    verdict = Verdict.ACTED if done else Verdict.REJECTED
    if earlier.skip_reason == NOTHING_OPEN:
        verdict = Verdict.NOTHING
    return Decision(
        verdict=verdict,
        action=(Action.ENTRY if entry else Action.EXIT).value,
        reason=earlier.skip_reason,
        fields=fields_of(message),
        data={"repeated": True, "trade_id": earlier.trade_id},
    )


def fields_of(message: Body | None) -> dict[str, Any]:
    """What was read from a message, in its order; a field it does not have is left out."""
    if not isinstance(message, V6Message):
        return {}
    values = {field.name: getattr(message, field.name) for field in attrs.fields(type(message))}
    return {name: as_json(value) for name, value in values.items() if value is not None}
