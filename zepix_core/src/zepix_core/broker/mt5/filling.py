"""Which filling policy an order asks for. Pure."""

from zepix_core.broker.mt5.numbers import Execution, Filling, FillingBit


def chosen(execution: int, mask: int) -> Filling | None:
    """The policy of a market order; ``None`` when the symbol allows none that could work.

    FOK comes first: legs and records want whole fills.

    Args:
        execution: The symbol's ``trade_exemode``; ``mask``: its ``filling_mode``.
    """
    if execution in (Execution.REQUEST, Execution.INSTANT):
        return Filling.FOK
    if mask & FillingBit.FOK:
        return Filling.FOK
    if mask & FillingBit.IOC:
        return Filling.IOC
    return Filling.RETURN if execution == Execution.EXCHANGE else None


def in_turn(execution: int, mask: int, remembered: Filling | None = None) -> tuple[Filling, ...]:
    """Every policy once, in the order to try them after 10030: the one that worked before, the chosen one,
    then the rest."""
    first = [policy for policy in (remembered, chosen(execution, mask)) if policy is not None]
    return tuple(dict.fromkeys([*first, *Filling]))
