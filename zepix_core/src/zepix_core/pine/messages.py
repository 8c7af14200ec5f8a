"""Which calls send a message, and which of their arguments it is."""

from collections.abc import Iterator

from zepix_core.pine.expression import Call, Node

_ORDERS = frozenset(
    f"strategy.{name}" for name in ("entry", "order", "exit", "close", "close_all", "cancel", "cancel_all")
)
_ORDER_MESSAGES = ("alert_message", "alert_profit", "alert_loss", "alert_trailing")
FILLED_IN = frozenset({"alertcondition", "alert_message"})
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
