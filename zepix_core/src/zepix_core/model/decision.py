"""What a plugin decided about an alert, with every reason and number."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import attrs


class Verdict(StrEnum):
    """How a plugin's handling of an alert counts for the alert's own state."""

    ACTED = "acted"
    NOTHING = "nothing"
    REJECTED = "rejected"


@attrs.frozen
class Gate:
    """One test of a decision: what was measured, what it was held against, how it came out.

    Attributes:
        value, threshold: What was compared, as text, number, flag or ``None``.
        rule: The comparison in words or signs, such as ``>=``.
    """

    name: str
    passed: bool
    value: str | int | float | bool | None = None
    rule: str = ""
    threshold: str | int | float | bool | None = None
    note: str = ""


@attrs.frozen
class Step:
    """One line of arithmetic: ``name``, the ``formula`` with its numbers, the ``result``."""

    name: str
    formula: str
    result: str


@attrs.frozen(kw_only=True)
class Decision:
    """The answer of ``on_alert``.

    Attributes:
        verdict: ``acted``, ``nothing`` (nothing to do, or none of this plugin's business) or ``rejected``.
        action: The plugin's own word for it, such as ``enter``, ``close``, ``notify``, ``reject``.
        reason: Lower-case code of at most 40 of ``a-z``, ``0-9`` and ``_``, if need be with what it is about
            behind a colon (``bad_field:price``); required when rejected. Anything else becomes ``other``,
            with its text in ``data`` as ``reason_text``.
        fields: What was read from the alert, in its order.
        gates: The tests, in the order they were made.
        steps: The arithmetic, in order.
        data: More facts, JSON values only.
        tickets: Position tickets opened or closed.
    """

    verdict: Verdict
    action: str
    reason: str | None = None
    fields: dict[str, Any] = attrs.field(factory=dict)
    gates: tuple[Gate, ...] = ()
    steps: tuple[Step, ...] = ()
    data: dict[str, Any] = attrs.field(factory=dict)
    tickets: tuple[int, ...] = ()

    def turned_down(
        self, reason: str, gate: Gate, *, tickets: tuple[int, ...] = (), action: str = "reject"
    ) -> "Decision":
        """The same decision when the host or the broker did not carry it out."""
        return attrs.evolve(
            self,
            verdict=Verdict.REJECTED,
            action=action,
            reason=reason,
            gates=(*self.gates, gate),
            tickets=tickets,
        )


def reason_of(code: str, names: Mapping[str, str] | None = None) -> str:
    """The reason of an alert that an order's outcome code refused.

    Args:
        names: Where the plugin has a word of its own for a code.
    """
    return (names or {}).get(code) or code.lower() or "order_refused"
