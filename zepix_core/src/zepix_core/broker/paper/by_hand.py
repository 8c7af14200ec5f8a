"""What a person at the terminal does: the same orders, without our magic, comment and intent. Pure."""

import attrs

from zepix_core.broker.paper.book import PaperBook
from zepix_core.broker.paper.execution import Execution
from zepix_core.errors import BadArgument
from zepix_core.model.market import Side
from zepix_core.model.order import Action, Book, DealReason, OrderRequest, Position


def opening(symbol: str, side: Side, lots: float, sl: float, tp: float, book: Book) -> OrderRequest:
    """A market order nobody's plugin asked for."""
    return OrderRequest(
        intent_id="", action=Action.OPEN, symbol=symbol, side=side, lots=lots, sl=sl, tp=tp, book=book
    )


def closing(book: PaperBook, ticket: int, lots: float | None) -> OrderRequest:
    """Close a position, or a part of it.

    Raises:
        BadArgument: There is no such position.
    """
    position = _position(book, ticket)
    return _against(position, Action.CLOSE, lots=position.volume if lots is None else lots)


def stops(book: PaperBook, ticket: int, sl: float, tp: float) -> OrderRequest:
    """Write both stops of a position.

    Raises:
        BadArgument: There is no such position.
    """
    return _against(_position(book, ticket), Action.MODIFY, sl=sl, tp=tp)


def by_hand(done: Execution) -> Execution:
    """The same execution as the broker's books show it when a person asked for it."""
    if done.change is None:
        return done
    change = attrs.evolve(
        done.change,
        deals=tuple(attrs.evolve(deal, reason=DealReason.CLIENT) for deal in done.change.deals),
        orders=tuple(attrs.evolve(order, reason=DealReason.CLIENT) for order in done.change.orders),
    )
    return attrs.evolve(done, change=change)


def _against(
    position: Position, action: Action, lots: float = 0.0, sl: float = 0.0, tp: float = 0.0
) -> OrderRequest:
    return OrderRequest(
        intent_id="",
        action=action,
        symbol=position.symbol,
        side=position.side.opposite,
        lots=lots,
        sl=sl,
        tp=tp,
        position=position.ticket,
        book=position.book,
    )


def _position(book: PaperBook, ticket: int) -> Position:
    position = book.positions.get(ticket)
    if position is None:
        raise BadArgument(f"There is no position {ticket}.", "zepix paper positions shows them.")
    return position
