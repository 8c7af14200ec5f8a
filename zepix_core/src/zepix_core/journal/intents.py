"""Names of intents and the moves between their states. Pure."""

import base64
import hashlib

from zepix_core.errors import ZepixError
from zepix_core.model.order import Action, IntentState

S = IntentState
COMMENT_LIMIT = 26
LEG_LIMIT = 7
ID_LENGTH = 10
CUT_LENGTH = 8
"""So much of an id still tells intents apart, as long as it fits one alone."""

MOVES: dict[IntentState, frozenset[IntentState]] = {
    S.PLANNED: frozenset({S.SENDING, S.DENIED}),
    S.DENIED: frozenset({S.SENDING}),
    S.SENDING: frozenset({S.PLACED, S.PARTLY_FILLED, S.FILLED, S.CLOSED, S.REJECTED, S.UNKNOWN, S.DENIED}),
    S.PLACED: frozenset({S.PARTLY_FILLED, S.FILLED, S.CLOSED, S.REJECTED, S.UNKNOWN}),
    S.PARTLY_FILLED: frozenset({S.FILLED, S.CLOSED}),
    S.FILLED: frozenset({S.CLOSED}),
    S.UNKNOWN: frozenset({S.PLACED, S.PARTLY_FILLED, S.FILLED, S.CLOSED, S.NOT_SENT}),
    S.NOT_SENT: frozenset({S.DROPPED, S.SENDING}),
    S.REJECTED: frozenset({S.SENDING}),
    S.DROPPED: frozenset({S.SENDING}),
    S.ADOPTED: frozenset({S.CLOSED}),
    S.CLOSED: frozenset(),
    S.FOREIGN: frozenset({S.CLOSED}),
    S.NEEDS_HUMAN: frozenset({S.CLOSED, S.DROPPED}),
}
"""What may follow a state; besides, the broker may say otherwise at any time (`BROKER_SAYS`)."""

BROKER_SAYS = frozenset({S.ADOPTED, S.FOREIGN, S.NEEDS_HUMAN})
HOLDING = frozenset({S.PARTLY_FILLED, S.FILLED, S.ADOPTED})
COMING = frozenset({S.PLANNED, S.SENDING, S.PLACED, S.UNKNOWN})
OVER = frozenset({S.REJECTED, S.DENIED, S.NOT_SENT, S.DROPPED})


class IllegalMove(ZepixError):
    """An intent was to go from one state to another that cannot follow it."""


def can_move(old: IntentState, new: IntentState) -> bool:
    """Whether ``new`` may follow ``old``."""
    return new in BROKER_SAYS or new in MOVES[old]


def intent_id(alert_key: str, plugin: str, leg: str, action: Action) -> str:
    """The first 10 characters of the base32 of a sha256: the same request has the same id for ever."""
    digest = hashlib.sha256("\x1f".join((alert_key, plugin, leg, action.value)).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:ID_LENGTH]


def comment_of(tag: str, intent: str, leg: str) -> str:
    """What the broker keeps with the order: ``<tag>:<intent id>:<leg>``, ASCII, at most 26 characters."""
    plain = leg.encode("ascii", "replace").decode().replace(":", "_")[:LEG_LIMIT]
    return f"{tag}:{intent}:{plain}"[:COMMENT_LIMIT]


def intent_in(comment: str) -> str | None:
    """The intent id inside a broker's comment, ``None`` when there is none."""
    parts = comment.split(":")
    if len(parts) < 2 or len(parts[1]) != ID_LENGTH:
        return None
    return parts[1] if (parts[1].isalnum() and parts[1].islower()) or parts[1].isdigit() else None


def cut_in(comment: str) -> str | None:
    """The beginning of an intent id at the end of a comment that was cut, ``None`` when there is none."""
    _, colon, rest = comment.partition(":")
    if not colon or not CUT_LENGTH <= len(rest) < ID_LENGTH:
        return None
    return rest if rest.isascii() and rest.isalnum() and rest == rest.lower() else None


def magic_of(host_id: int, number: int, leg: str) -> int:
    """Host × 10^6 + plugin number × 10^3 + leg (A 1, B 2, others 9)."""
    return host_id * 1_000_000 + number * 1_000 + {"A": 1, "B": 2}.get(leg, 9)


def ours(magic: int, host_id: int) -> bool:
    """Whether a magic is of this host."""
    return magic // 1_000_000 == host_id and magic >= 1_000_000
