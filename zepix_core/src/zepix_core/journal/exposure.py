"""The worst case: what open positions and orders on their way can still lose. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import attrs

from zepix_core.journal.intents import intent_in
from zepix_core.journal.ledger import OpenEntry
from zepix_core.journal.quotes import Quotes
from zepix_core.model.market import SymbolInfo
from zepix_core.model.order import Intent, Position
from zepix_core.rules.tiers import open_risk
from zepix_core.rules.valuation import profit


@attrs.frozen(kw_only=True)
class Exposure:
    """Money that may still be lost: of the account, what is not ours included, and of each plugin.

    Attributes:
        unvalued: Symbols of own positions and orders whose facts nobody knows: what they lose at their stop
            is not in the sums.
    """

    account: float = 0.0
    plugins: Mapping[str, float] = attrs.field(factory=dict)
    unvalued: frozenset[str] = frozenset()


def worst_case(
    entries: Iterable[OpenEntry],
    positions: Sequence[Position],
    quotes: Quotes,
    closing: Collection[int] = (),
) -> Exposure:
    """Each position and each order on its way at its stop, or at its floating loss where that is larger or
    there is no stop; positions that are ``closing`` lose what they float at. Of two stops, the journal's and
    the one the broker shows, the worse counts; what closing costs comes on top.

    Args:
        positions: What the broker shows of the same book, as far as it was asked.
    """
    shown = {position.ticket: position for position in positions}
    known: set[int] = set(closing)
    coming: set[str] = set()
    plugins: dict[str, float] = {}
    unvalued: set[str] = set()
    for entry in entries:
        intent = entry.intent
        known.add(intent.position_id)
        coming.add(intent.intent_id)
        position = shown.get(intent.position_id) if entry.held else None
        leaving = intent.position_id != 0 and intent.position_id in closing
        if not leaving and quotes.last_known(intent.symbol) is None:
            unvalued.add(intent.symbol)
        money = _of_entry(entry, position, quotes, leaving)
        plugins[intent.plugin] = plugins.get(intent.plugin, 0.0) + money
    others = [p for p in positions if p.ticket not in known and intent_in(p.comment) not in coming]
    rest = sum(_of_position(position, quotes.last_known(position.symbol)) for position in others)
    return Exposure(account=sum(plugins.values()) + rest, plugins=plugins, unvalued=frozenset(unvalued))


def _of_entry(entry: OpenEntry, position: Position | None, quotes: Quotes, leaving: bool) -> float:
    intent, info = entry.intent, quotes.last_known(entry.intent.symbol)
    floating = _floating(entry, position, quotes)
    costs = entry.commission + (0.0 if position is None else max(0.0, -position.swap))
    if leaving or info is None:
        return floating + costs
    prices = [intent.fill_price or intent.price] if entry.held else _prices(intent, quotes)
    stops = [intent.sl, 0.0 if position is None else position.sl]
    at_stop = max(
        (
            _at_stop(intent, price, stop, entry.remaining, info)
            for price in prices
            for stop in stops
            if price and stop
        ),
        default=0.0,
    )
    return max(at_stop, floating) + costs


def _prices(intent: Intent, quotes: Quotes) -> list[float]:
    """Where an order on its way may be filled: the alert's price says little about that."""
    tick = quotes.newest(intent.symbol)
    return [intent.fill_price or intent.price, 0.0 if tick is None else tick.opening(intent.side)]


def _at_stop(intent: Intent, price: float, stop: float, lots: float, info: SymbolInfo) -> float:
    return open_risk(intent.side.sign, price, stop, lots, info.pip_size, info.pip_value)


def _floating(entry: OpenEntry, position: Position | None, quotes: Quotes) -> float:
    """What a position would lose now: by the broker's word, and by the newest quote."""
    if not entry.held:
        return 0.0
    intent, loss = entry.intent, 0.0 if position is None else max(0.0, -position.profit)
    info, tick = quotes.last_known(intent.symbol), quotes.newest(intent.symbol)
    if info is None or tick is None or not intent.fill_price:
        return loss
    now = profit(info, intent.side, entry.remaining, intent.fill_price, tick.closing(intent.side))
    return max(loss, -float(now))


def _of_position(position: Position, info: SymbolInfo | None) -> float:
    """A position that is none of the journal's: foreign, or not understood yet."""
    floating, swap = max(0.0, -position.profit), max(0.0, -position.swap)
    if info is None or not position.sl:
        return floating + swap
    at_stop = open_risk(
        position.side.sign, position.price_open, position.sl, position.volume, info.pip_size, info.pip_value
    )
    return max(at_stop, floating) + swap
