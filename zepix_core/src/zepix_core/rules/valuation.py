"""What a position earns and what it binds, in account currency."""

from decimal import ROUND_HALF_UP, Decimal

from zepix_core.model.market import Side, SymbolInfo

CENT = Decimal("0.01")


def exact(number: float) -> Decimal:
    """A float as the decimal people read."""
    return Decimal(repr(float(number)))


def cents(amount: Decimal) -> Decimal:
    """Money rounded half up to cents."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def profit(info: SymbolInfo, side: Side, lots: float, entry: float, exit_price: float) -> Decimal:
    """Money made between two prices, in cents: price distance in pips x pip value x lots."""
    distance = (exact(exit_price) - exact(entry)) * side.sign
    return cents(distance / exact(info.pip_size) * exact(info.pip_value) * exact(lots))


def margin(info: SymbolInfo, lots: float, price: float, leverage: int) -> Decimal:
    """Money bound by a position, in cents: contract value in account currency / leverage.

    The pip value carries the exchange rate, so that margin and profit agree about it.
    """
    value = exact(price) / exact(info.pip_size) * exact(info.pip_value) * exact(lots)
    return cents(value / leverage)
