"""What happens at the double's broker by itself: stops, targets, waiting orders, expiry, stop-out."""

from zepix_core.testing.fake_mt5.accounts import Ledger
from zepix_core.testing.fake_mt5.checks import expires_msc
from zepix_core.testing.fake_mt5.constants import MT5
from zepix_core.testing.fake_mt5.matching import LIMITS, PENDING, becomes_limit, exit_of, fill_of
from zepix_core.testing.fake_mt5.money import figures, margin_of, must_stop_out, worst
from zepix_core.testing.fake_mt5.orders import deal
from zepix_core.testing.fake_mt5.positions import complete, execute
from zepix_core.testing.fake_mt5.quotes import Quote
from zepix_core.testing.fake_mt5.records import OrderRecord, PositionRecord
from zepix_core.testing.fake_mt5.server import TradeServer


def on_quote(server: TradeServer, symbol: str) -> None:
    """Let the newest quote of a symbol act on every account: waiting orders, stops, then the margin."""
    quote, digits = server.market.quotes[symbol], server.market.symbols[symbol].digits
    expire(server)
    for ledger in server.ledgers.values():
        for order in [order for order in ledger.orders.values() if order.symbol == symbol]:
            _work(server, ledger, order, quote)
        for position in ledger.of_symbol(symbol):
            found = exit_of(position, quote, digits)
            if found is not None:
                close(server, ledger, position, found.price, found.reason, found.comment)
        while must_stop_out(server.market, ledger):
            if not _stop_out(server, ledger):
                break


def expire(server: TradeServer) -> None:
    """End the waiting orders whose time has come."""
    now = server.market.now_msc()
    for ledger in server.ledgers.values():
        for order in list(ledger.orders.values()):
            ends = expires_msc(order.type_time, order.expiration, order.time_msc)
            if order.type in PENDING and ends and ends <= now:
                ledger.archive(order, MT5.ORDER_STATE_EXPIRED, ends)


def close(
    server: TradeServer, ledger: Ledger, position: PositionRecord, price: float, reason: int, comment: str
) -> None:
    """The broker closes a position by itself."""
    order = server.new_order(
        position.symbol,
        1 - position.type,
        position.volume,
        closes=position.ticket,
        magic=position.magic,
        reason=reason,
        comment=comment,
        price=price,
        position_id=position.identifier,
    )
    execute(server, ledger, order, [(position.volume, price)])
    complete(server, ledger, order)


def _work(server: TradeServer, ledger: Ledger, order: OrderRecord, quote: Quote) -> None:
    if order.type not in PENDING:
        _finish(server, ledger, order, quote)
        return
    if becomes_limit(order, quote):
        order.type = LIMITS[order.type % 2]
        order.price, order.stoplimit = order.stoplimit, 0.0
    price = fill_of(order, quote)
    if price is None:
        return
    needed = margin_of(server.market, ledger, order.symbol, order.left, price)
    if ledger.account.hedging and needed > figures(server.market, ledger).free:
        ledger.archive(order, MT5.ORDER_STATE_CANCELED, server.market.now_msc())
        return
    ledger.orders.pop(order.ticket)
    deal(server, ledger, order, order.left, price)


def _finish(server: TradeServer, ledger: Ledger, order: OrderRecord, quote: Quote) -> None:
    """Execute what was accepted and not yet dealt; a close whose position has gone is given up."""
    held = ledger.positions.get(order.closes)
    if order.closes and (held is None or held.volume < order.left):
        ledger.archive(order, MT5.ORDER_STATE_CANCELED, server.market.now_msc())
        return
    ledger.orders.pop(order.ticket)
    deal(server, ledger, order, order.left, quote.opening(order.type))


def _stop_out(server: TradeServer, ledger: Ledger) -> bool:
    """Close the position with the largest loss; False when none can be closed."""
    market = server.market
    position = worst(market, ledger, lambda held: market.is_open(held.symbol))
    if position is None:
        return False
    now = figures(market, ledger)
    price = market.quotes[position.symbol].closing(position.type)
    close(server, ledger, position, price, MT5.DEAL_REASON_SO, f"so: {now.level:.2f}%/{now.equity:.2f}")
    return True
