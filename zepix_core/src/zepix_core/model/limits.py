"""Loss limits as people and faces see them: how far they are used, since when and until when they hold."""

import attrs

DAILY, LIFETIME = "daily", "lifetime"
ACCOUNT = "account"
"""Scope of the limits of the whole account; any other scope is a plugin's id."""


@attrs.frozen(kw_only=True)
class Latch:
    """A limit that was reached and stays so, whatever comes back.

    Attributes:
        which: ``daily`` or ``lifetime``; ``scope``: ``account`` or a plugin's id.
        loss, limit: Money at the moment it was reached.
        since_ns: UTC nanoseconds; ``until_ns``: end of that trading day, ``None`` until a person lifts it.
    """

    which: str
    scope: str
    loss: float
    limit: float
    since_ns: int
    until_ns: int | None = None

    def holds(self, now_ns: int) -> bool:
        """Whether it still stops entries."""
        return self.until_ns is None or now_ns < self.until_ns


@attrs.frozen(kw_only=True)
class LimitRow:
    """One limit as it stands; money in account currency, losses positive.

    Attributes:
        open_risk: What open positions and orders on their way can still lose.
        remaining: What another trade may lose, 0.0 when nothing.
        reached: Entries are stopped by it; ``since`` and ``until`` are ISO 8601 UTC, ``until`` ``None`` when
            only a person ends it.
        lift: The command that ends it before.
        lifted: The bench profile: it stops nothing.
    """

    which: str
    scope: str
    loss: float
    limit: float
    open_risk: float
    remaining: float
    reached: bool = False
    since: str | None = None
    until: str | None = None
    lift: str = ""
    lifted: bool = False


def lift_command(which: str, scope: str) -> str:
    """The command with which a person lifts a limit."""
    return f"zepix limits reset {which}{'' if scope == ACCOUNT else f' --plugin {scope}'}"
