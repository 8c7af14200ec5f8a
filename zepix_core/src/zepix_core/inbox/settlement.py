"""How the outcomes of an alert's deliveries become the one state of the alert: a pure judgement."""

from collections.abc import Sequence
from enum import StrEnum

import attrs

from zepix_core.errors import PluginError
from zepix_core.inbox.port import UNAVAILABLE
from zepix_core.model.decision import Decision, Verdict

ERROR_LIMIT = 1000


class DeliveryState(StrEnum):
    """States of a delivery; the first two are open."""

    NEW = "new"
    CLAIMED = "claimed"
    ACTED = "acted"
    NOTHING = "nothing"
    REJECTED = "rejected"
    FAILED = "failed"
    EXPIRED = "expired"


@attrs.frozen
class Outcome:
    """How a delivery stands.

    Attributes:
        reason: A lower-case code.
        error: What went wrong, in words; ``""`` when nothing did.
        feed: It is the outcome of a group's feed, which has no say where plugins have one.
    """

    state: DeliveryState
    reason: str | None = None
    error: str = ""
    feed: bool = False

    @property
    def open(self) -> bool:
        """Not final yet."""
        return self.state in (DeliveryState.NEW, DeliveryState.CLAIMED)

    @property
    def left(self) -> bool:
        """A feed that leaves the alert to the plugins of its group."""
        return self.feed and self.state is DeliveryState.NOTHING and self.reason is None

    @property
    def broken(self) -> bool:
        """The plugin was asked and failed."""
        return self.state is DeliveryState.FAILED and self.reason != UNAVAILABLE


@attrs.frozen
class Settlement:
    """The final state of an alert: ``done``, ``refused`` or ``dead``."""

    state: str
    reason: str | None = None


def outcome_of(decision: Decision) -> Outcome:
    """What a decision makes of its delivery; a rejection without a reason takes its action's name."""
    if decision.verdict is Verdict.REJECTED:
        return Outcome(DeliveryState.REJECTED, decision.reason or decision.action)
    return Outcome(DeliveryState(decision.verdict.value), decision.reason)


def failure(error: PluginError) -> Outcome:
    """The outcome of a plugin that failed, or whose worker died once too often."""
    return Outcome(DeliveryState.FAILED, error.code, one_line(str(error)))


def one_line(text: str) -> str:
    """What went wrong as the journal keeps it: printable, and short enough to stand beside other facts."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:ERROR_LIMIT]


def settle(outcomes: Sequence[Outcome]) -> Settlement | None:
    """The alert's state, given its deliveries first asked first; ``None`` while one is open.

    One plugin that acted makes it done. Else a plugin that broke makes it dead, so that somebody looks.
    Else it is done when a plugin had nothing to do, and refused with the first reason when all refused:
    a plugin's own reason goes before the host's. A feed counts like a plugin where there is none; beside
    plugins only its failure does, and that it acted when none of them did. Alone, it leaves the alert to
    plugins that are not there by having nothing to do for no reason.
    """
    if not outcomes:
        return Settlement("refused", "no_plugin")
    if any(outcome.open for outcome in outcomes):
        return None
    judges = [outcome for outcome in outcomes if not outcome.feed] or outcomes
    states = [outcome.state for outcome in judges]
    if DeliveryState.ACTED in states:
        return Settlement("done")
    for outcome in outcomes:
        if outcome.broken:
            return Settlement("dead", outcome.reason)
    if any(outcome.state is DeliveryState.ACTED for outcome in outcomes):
        return Settlement("done")
    if DeliveryState.NOTHING in states:
        first = judges[states.index(DeliveryState.NOTHING)]
        return Settlement("refused", "no_plugin") if first.left else Settlement("done", first.reason)
    for state in (DeliveryState.REJECTED, DeliveryState.EXPIRED, DeliveryState.FAILED):
        if state in states:
            return Settlement("refused", judges[states.index(state)].reason)
    raise AssertionError(f"unknown states {states}")
