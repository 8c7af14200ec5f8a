"""What a position earns and what it binds, in account currency."""

from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from zepix_core.model.market import Side, SymbolInfo
from zepix_core.rules.decimals import exact

CENT = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """Money rounded half up to cents."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def profit(info: SymbolInfo, side: Side, lots: float, entry: float, exit_price: float) -> Decimal:
    """Money made between two prices, in cents: price distance in pips x pip value x lots."""
    distance = (exact(exit_price) - exact(entry)) * side.sign
    return cents(distance * _money_of_price(info.pip_size, info.pip_value) * exact(lots))


def margin(info: SymbolInfo, lots: float, price: float, leverage: int) -> Decimal:
    """Money bound by a position, in cents: contract value in account currency / leverage.

    The pip value carries the exchange rate, so that margin and profit agree about it.
    """
    value = exact(price) * _money_of_price(info.pip_size, info.pip_value) * exact(lots)
    return cents(value / leverage)


@lru_cache(maxsize=1024)
def _money_of_price(pip_size: float, pip_value: float) -> Decimal:
    """Money that one unit of price is worth on one lot."""
    return exact(pip_value) / exact(pip_size)
