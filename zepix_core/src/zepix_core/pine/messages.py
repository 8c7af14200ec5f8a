"""Which calls send a message, and which of their arguments it is."""

import itertools
from collections.abc import Iterator, Sequence

from zepix_core.pine.expression import Call, Node
from zepix_core.pine.script import Token

_ORDERS = frozenset(
    f"strategy.{name}" for name in ("entry", "order", "exit", "close", "close_all", "cancel", "cancel_all")
)
_ORDER_MESSAGES = ("alert_message", "alert_profit", "alert_loss", "alert_trailing")
PASTED, BOX = "message", "box"
"""A text that is no script: as it arrives, and as it stands in an alert's message box."""
FILLED_IN = frozenset({"alertcondition", "alert_message", BOX})
"""Messages in which TradingView fills in ``{{…}}``; inside ``alert()`` it does not."""


def messages(node: Call) -> Iterator[tuple[str, Node]]:
    """The messages of a call, each with the way it is sent: ``alert``, ``alertcondition`` or
    ``alert_message``."""
    if node.name == "alert":
        found = [("alert", node.argument("message", 0))]
    elif node.name == "alertcondition":
        found = [("alertcondition", node.argument("message", 2))]
    elif node.name in _ORDERS:
        found = [("alert_message", node.argument(name)) for name in _ORDER_MESSAGES]
    else:
        found = []
    yield from ((call, message) for call, message in found if message is not None)


def sender(tokens: Sequence[Token]) -> tuple[str, int] | None:
    """The first call in a statement that would send a message, and its offset; it needs not be readable."""
    for token, after in itertools.pairwise(tokens):
        if token.kind != "name" or not (after.text == "(" or after.kind == "text"):
            continue
        if token.text in ("alert", "alertcondition"):
            return token.text, token.at
        if token.text in _ORDERS and any(other.text in _ORDER_MESSAGES for other in tokens):
            return "alert_message", token.at
    return None
