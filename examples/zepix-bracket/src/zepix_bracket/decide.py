"""The decision, pure: an entry, what the market says and the settings in; an order or a refusal out."""

from collections.abc import Iterator
from decimal import Decimal

import attrs

from zepix_bracket.alert import Entry, Refusal
from zepix_bracket.config import BracketSettings
from zepix_core import Gate, Side, Step

_CODES = {
    "known": "unknown_symbol",
    "price": "no_price",
    "symbol": "symbol_not_allowed",
    "stops": "invalid_stops",
    "risk_percent": "risk_too_large",
}


@attrs.frozen(kw_only=True)
class Market:
    """What the decision needs to know; ``None``: nobody knows.

    Attributes:
        price: Where an order of this side would fill now.
        pip_size: One pip of the symbol, as a price; a symbol the host does not know has none.
    """

    price: Decimal | None = None
    pip_size: Decimal | None = None


@attrs.frozen(kw_only=True)
class Order:
    """An order to place.

    Attributes:
        price: The price it was decided at; the stops of the entry were held against it.
        sl_pips: Distance of the stop, when the volume is to be computed from the entry's risk.
        gates, steps: What was tested and computed on the way.
    """

    entry: Entry
    price: Decimal
    sl_pips: Decimal | None
    gates: tuple[Gate, ...]
    steps: tuple[Step, ...]


@attrs.frozen
class Refused:
    """No order: the reason, and the gates up to the one that failed."""

    refusal: Refusal
    gates: tuple[Gate, ...]


def decide(entry: Entry, market: Market, settings: BracketSettings) -> Order | Refused:
    """Decide about an entry. The host's own gates (limits, spread, hours) come after this."""
    price = entry.price if entry.price is not None else market.price
    gates: list[Gate] = [
        Gate("known", market.pip_size is not None, entry.symbol, "is one of the host's symbols")
    ]
    if market.pip_size is None:
        return _refused(tuple(gates))
    gates.append(Gate("price", price is not None, None if price is None else str(price), "known"))
    if price is None:
        return _refused(tuple(gates))
    for gate in _tests(entry, price, settings):
        gates.append(gate)
        if not gate.passed:
            return _refused(tuple(gates))
    sl_pips: Decimal | None = None
    steps: tuple[Step, ...] = ()
    if entry.risk_percent is not None:
        sl_pips = abs(price - entry.sl) / market.pip_size
        formula = f"|{price} - {entry.sl}| / {market.pip_size}"
        steps = (Step("stop distance", formula, f"{sl_pips:.1f} pips"),)
    return Order(entry=entry, price=price, sl_pips=sl_pips, gates=tuple(gates), steps=steps)


def _tests(entry: Entry, price: Decimal, settings: BracketSettings) -> Iterator[Gate]:
    """The tests in their order; nobody asks for the next one after a failure."""
    allowed, most = settings.supported_symbols, settings.max_risk_percent
    if allowed:
        yield Gate("symbol", entry.symbol in allowed, entry.symbol, "in", ", ".join(allowed))

    buying = entry.side is Side.BUY
    below, above = (entry.sl, entry.tp) if buying else (entry.tp, entry.sl)
    fine = (below is None or below < price) and (above is None or price < above)
    rule = "sl below and tp above the price" if buying else "sl above and tp below the price"
    yield Gate("stops", fine, f"sl {entry.sl}, tp {entry.tp or 'none'}", rule, str(price))

    if entry.risk_percent is not None:
        fine = entry.risk_percent <= Decimal(str(most))
        yield Gate("risk_percent", fine, float(entry.risk_percent), "<=", most)


def _refused(gates: tuple[Gate, ...]) -> Refused:
    failed = gates[-1]
    detail = f"{failed.name} {failed.value} is not {failed.rule} {failed.threshold or ''}".rstrip()
    return Refused(Refusal(_CODES[failed.name], detail), gates)
