"""What to do with a broker's return code, as a table."""

from enum import StrEnum

from zepix_core.model.order import Action


class ReplyClass(StrEnum):
    """How a reply is dealt with."""

    DONE = "done"
    UNKNOWN = "unknown"
    MOVED = "moved"
    WAIT = "wait"
    FIX = "fix"
    STOP = "stop"


PLACED = 10008
DONE = 10009
PARTIAL = 10010
NO_CHANGES = 10025
POSITION_CLOSED = 10036
TOO_MUCH = 10038
CLOSE_EXISTS = 10039

_CODES: dict[ReplyClass, tuple[int, ...]] = {
    ReplyClass.DONE: (PLACED, DONE, PARTIAL),
    ReplyClass.UNKNOWN: (10011, 10012, 10023, 10031),
    ReplyClass.MOVED: (10004, 10020, 10021),
    ReplyClass.WAIT: (10024, 10028, 10029),
    ReplyClass.FIX: (10013, 10014, 10015, 10016, 10022, 10030, 10035, 10038, 10045),
    ReplyClass.STOP: (
        10006, 10007, 10017, 10018, 10019, 10026, 10027, 10032, 10033, 10034, 10036,
        10040, 10041, 10042, 10043, 10044, 10046,
    ),
}  # fmt: skip
_CLASSES = {code: kind for kind, codes in _CODES.items() for code in codes}
_DONE_FOR: dict[int, Action] = {
    NO_CHANGES: Action.MODIFY,
    POSITION_CLOSED: Action.CLOSE,
    CLOSE_EXISTS: Action.CLOSE,
}
MARKET_CLOSED = 10018
FROZEN = 10029
ASKED_AGAIN: dict[Action, frozenset[int]] = {
    Action.CLOSE: frozenset({MARKET_CLOSED, FROZEN}),
    Action.MODIFY: frozenset({FROZEN}),
}
"""Refusals that pass by themselves: the session opens, the price moves away."""
BREAKER = frozenset({10017, 10026, 10027})
"""Codes that stop all entries until a person looks."""

MOVED_RETRIES = 2
MOVED_WINDOW = 3.0
MOVED_PAUSE = 0.2
WAITS = (0.5, 1.0, 2.0)


def classify(retcode: int, action: Action) -> ReplyClass:
    """The class of a reply; a code that is not in the table is unknown."""
    if _DONE_FOR.get(retcode) is action:
        return ReplyClass.DONE
    return _CLASSES.get(retcode, ReplyClass.UNKNOWN)
