"""Executions: deals, and what they make of the positions of a hedging or a netting account."""

from collections.abc import Sequence

from zepix_core.testing.fake_mt5.accounts import Ledger
from zepix_core.testing.fake_mt5.constants import MT5
from zepix_core.testing.fake_mt5.money import profit_of
from zepix_core.testing.fake_mt5.records import DealRecord, OrderRecord, PositionRecord, volumes
from zepix_core.testing.fake_mt5.server import TradeServer

Parts = Sequence[tuple[float, float]]


def execute(server: TradeServer, ledger: Ledger, order: OrderRecord, parts: Parts) -> list[DealRecord]:
    """Execute an order, one deal for each (volume, price); what is left of it is not moved here."""
    made = []
    for volume, price in parts:
        made.append(_execute_one(server, ledger, order, volume, price))
        order.left = volumes(order.left - volume)
    return made


def complete(server: TradeServer, ledger: Ledger, order: OrderRecord) -> None:
    """Put an executed order into the history; IOC gives up what is left."""
    state = MT5.ORDER_STATE_FILLED if order.left <= 0 else MT5.ORDER_STATE_CANCELED
    ledger.archive(order, state, server.market.now_msc())


def _execute_one(
    server: TradeServer, ledger: Ledger, order: OrderRecord, volume: float, price: float
) -> DealRecord:
    position = _target(ledger, order)
    side = order.type % 2
    if position is None:
        return _open(server, ledger, order, side, volume, price)
    if position.type == side:
        return _increase(server, ledger, order, position, volume, price)
    if volume > position.volume:
        return _reverse(server, ledger, order, position, volume, price)
    return reduce(server, ledger, order, position, volume, price)


def _target(ledger: Ledger, order: OrderRecord) -> PositionRecord | None:
    if ledger.account.hedging:
        return ledger.positions.get(order.closes or order.ticket)
    return next(iter(ledger.of_symbol(order.symbol)), None)


def _open(
    server: TradeServer, ledger: Ledger, order: OrderRecord, side: int, volume: float, price: float
) -> DealRecord:
    now = server.market.now_msc()
    ledger.positions[order.ticket] = PositionRecord(
        ticket=order.ticket,
        identifier=order.ticket,
        symbol=order.symbol,
        type=side,
        volume=volume,
        price_open=price,
        time_msc=now,
        time_update_msc=now,
        sl=order.sl,
        tp=order.tp,
        magic=order.magic,
        reason=order.reason if order.reason <= MT5.POSITION_REASON_EXPERT else MT5.POSITION_REASON_CLIENT,
        comment=order.comment,
    )
    order.position_id = order.ticket
    return _deal(server, ledger, order, MT5.DEAL_ENTRY_IN, volume, price)


def _increase(
    server: TradeServer,
    ledger: Ledger,
    order: OrderRecord,
    position: PositionRecord,
    volume: float,
    price: float,
) -> DealRecord:
    """Merge at the weighted price. Stops that the order names replace the position's."""
    whole = volumes(position.volume + volume)
    position.price_open = (position.price_open * position.volume + price * volume) / whole
    position.volume = whole
    position.time_update_msc = server.market.now_msc()
    position.sl = order.sl or position.sl
    position.tp = order.tp or position.tp
    order.position_id = position.identifier
    return _deal(server, ledger, order, MT5.DEAL_ENTRY_IN, volume, price)


def reduce(
    server: TradeServer,
    ledger: Ledger,
    order: OrderRecord,
    position: PositionRecord,
    volume: float,
    price: float,
    entry: int = MT5.DEAL_ENTRY_OUT,
) -> DealRecord:
    """Close a position or a part of it; the part takes its share of the swap."""
    profit = profit_of(
        server.market, ledger, position.symbol, position.type, volume, position.price_open, price
    )
    share = round(position.swap * volume / position.volume, ledger.account.currency_digits)
    position.swap = round(position.swap - share, ledger.account.currency_digits)
    position.volume = volumes(position.volume - volume)
    position.time_update_msc = server.market.now_msc()
    if position.volume <= 0:
        del ledger.positions[position.ticket]
    order.position_id = position.identifier
    return _deal(server, ledger, order, entry, volume, price, profit=profit, swap=share)


def _reverse(
    server: TradeServer,
    ledger: Ledger,
    order: OrderRecord,
    position: PositionRecord,
    volume: float,
    price: float,
) -> DealRecord:
    """More than the position holds: one deal closes it and opens the other side.

    The position takes the order's ticket and keeps its identifier.
    """
    profit = profit_of(
        server.market, ledger, position.symbol, position.type, position.volume, position.price_open, price
    )
    swap, position.swap = position.swap, 0.0
    del ledger.positions[position.ticket]
    position.ticket = order.ticket
    position.type = order.type % 2
    position.volume = volumes(volume - position.volume)
    position.price_open = price
    position.sl, position.tp = order.sl, order.tp
    position.magic, position.comment = order.magic, order.comment
    position.time_update_msc = server.market.now_msc()
    ledger.positions[order.ticket] = position
    order.position_id = position.identifier
    return _deal(server, ledger, order, MT5.DEAL_ENTRY_INOUT, volume, price, profit=profit, swap=swap)


def _deal(
    server: TradeServer,
    ledger: Ledger,
    order: OrderRecord,
    entry: int,
    volume: float,
    price: float,
    *,
    profit: float = 0.0,
    swap: float = 0.0,
) -> DealRecord:
    facts = server.market.symbols[order.symbol]
    commission = -round(facts.commission * volume, ledger.account.currency_digits) or 0.0
    made = DealRecord(
        ticket=server.deal_number(),
        order=order.ticket,
        time_msc=server.market.now_msc(),
        type=order.type % 2,
        entry=entry,
        magic=order.magic,
        position_id=order.position_id,
        reason=order.reason,
        volume=volume,
        price=price,
        commission=commission,
        swap=swap,
        profit=profit,
        symbol=order.symbol,
        comment=server.rewrite(order.comment),
    )
    ledger.deals.append(made)
    ledger.settle(profit + swap + commission)
    return made


def close_by(
    server: TradeServer, ledger: Ledger, position: PositionRecord, other: PositionRecord, order: OrderRecord
) -> list[DealRecord]:
    """Net two opposite positions. What is left of the larger one stands under the older ticket.

    Both deals are at the opening price of ``other``, so ``position`` takes all of the profit.
    """
    volume = min(position.volume, other.volume)
    price = other.price_open
    order.type = other.type
    first = reduce(server, ledger, order, position, volume, price, MT5.DEAL_ENTRY_OUT_BY)
    order.type = position.type
    second = reduce(server, ledger, order, other, volume, price, MT5.DEAL_ENTRY_OUT_BY)
    order.type = MT5.ORDER_TYPE_CLOSE_BY
    order.position_id, order.position_by_id = position.identifier, other.identifier
    order.left = 0.0
    for left in (position, other):
        if left.volume > 0:
            del ledger.positions[left.ticket]
            left.ticket = min(position.ticket, other.ticket)
            ledger.positions[left.ticket] = left
    return [first, second]
