"""The paper account's book as a value: what is open, the balance, the next ticket, and changes to them."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

import attrs

from zepix_core.model.market import Side, SymbolInfo, Tick
from zepix_core.model.order import Action, Book, Deal, DealEntry, DealReason, OrderRequest, Position
from zepix_core.rules.decimals import exact
from zepix_core.rules.valuation import margin, profit

Quotes = Callable[[str], Tick | None]


@attrs.frozen(kw_only=True)
class PaperOrder:
    """An instruction as the paper broker carried it out; ``side`` is the order's own side.

    Attributes:
        position: Ticket of the position it opened, closed or changed.
        volume: Lots asked; ``filled``: lots done.
        reason: Who asked: ``expert`` (a request), ``sl``, ``tp`` or ``so`` (the broker itself).
    """

    ticket: int
    position: int
    action: Action
    symbol: str
    side: Side
    volume: float
    filled: float
    price: float
    sl: float
    tp: float
    magic: int
    comment: str
    reason: DealReason
    intent_id: str
    time_ns: int
    book: Book = Book.LIVE


@attrs.frozen(kw_only=True)
class Change:
    """One step of the book. It is made durable whole, and only then applied.

    Attributes:
        positions: New and altered positions, as they are afterwards.
        gone: Tickets of positions that no longer exist.
        balance: Balance afterwards; ``last_number``: the highest ticket number used afterwards.
    """

    book: Book
    balance: Decimal
    last_number: int
    positions: tuple[Position, ...] = ()
    gone: tuple[int, ...] = ()
    orders: tuple[PaperOrder, ...] = ()
    deals: tuple[Deal, ...] = ()


@attrs.frozen(kw_only=True)
class PaperBook:
    """State of one book. A hedging account: every entry is a position of its own.

    Tickets are numbers that only grow; those of the shadow book are negative.
    """

    kind: Book
    balance: Decimal
    last_number: int = 0
    positions: Mapping[int, Position] = attrs.field(factory=dict)

    def apply(self, change: Change) -> "PaperBook":
        """The book after ``change``."""
        positions = {t: p for t, p in self.positions.items() if t not in change.gone}
        positions.update((position.ticket, position) for position in change.positions)
        return attrs.evolve(self, balance=change.balance, last_number=change.last_number, positions=positions)

    def ticket(self, offset: int) -> int:
        """The ``offset``-th ticket from now, counted from 1."""
        number = self.last_number + offset
        return -number if self.kind is Book.SHADOW else number


def open_position(book: PaperBook, request: OrderRequest, lots: float, price: float, now_ns: int) -> Change:
    """Open ``lots`` at ``price`` with the request's stops; the position bears its order's ticket."""
    order, deal = book.ticket(1), book.ticket(2)
    position = Position(
        ticket=order,
        symbol=request.symbol,
        side=request.side,
        volume=lots,
        price_open=price,
        time_ns=now_ns,
        sl=request.sl,
        tp=request.tp,
        price_current=price,
        magic=request.magic,
        comment=request.comment,
        book=book.kind,
    )
    return Change(
        book=book.kind,
        balance=book.balance,
        last_number=book.last_number + 2,
        positions=(position,),
        orders=(
            _order(
                order, position, request.side, Action.OPEN, DealReason.EXPERT, lots, price, now_ns, request
            ),
        ),
        deals=(
            Deal(
                ticket=deal,
                order=order,
                position=order,
                symbol=request.symbol,
                side=request.side,
                entry=DealEntry.IN,
                volume=lots,
                price=price,
                time_ns=now_ns,
                magic=request.magic,
                comment=request.comment,
                book=book.kind,
            ),
        ),
    )


def close_position(
    book: PaperBook,
    position: Position,
    lots: float,
    price: float,
    info: SymbolInfo,
    now_ns: int,
    request: OrderRequest | None = None,
    reason: DealReason = DealReason.EXPERT,
) -> Change:
    """Close ``lots`` of a position at ``price``; without a request the broker does it by itself."""
    order, deal = book.ticket(1), book.ticket(2)
    money = profit(info, position.side, lots, position.price_open, price)
    left = float(exact(position.volume) - exact(lots))
    side = position.side.opposite
    made = Deal(
        ticket=deal,
        order=order,
        position=position.ticket,
        symbol=position.symbol,
        side=side,
        entry=DealEntry.OUT,
        volume=lots,
        price=price,
        time_ns=now_ns,
        profit=float(money),
        reason=reason,
        magic=request.magic if request else position.magic,
        comment=request.comment if request else _mark(position, reason, info.digits),
        book=book.kind,
    )
    return Change(
        book=book.kind,
        balance=book.balance + money,
        last_number=book.last_number + 2,
        positions=(attrs.evolve(position, volume=left),) if left > 0 else (),
        gone=() if left > 0 else (position.ticket,),
        orders=(
            attrs.evolve(
                _order(order, position, side, Action.CLOSE, reason, lots, price, now_ns, request),
                comment=made.comment,
                magic=made.magic,
                sl=0.0,
                tp=0.0,
            ),
        ),
        deals=(made,),
    )


def change_stops(book: PaperBook, position: Position, request: OrderRequest, now_ns: int) -> Change:
    """Write both stops of a position."""
    order = book.ticket(1)
    changed = attrs.evolve(position, sl=request.sl, tp=request.tp)
    return Change(
        book=book.kind,
        balance=book.balance,
        last_number=book.last_number + 1,
        positions=(changed,),
        orders=(
            _order(
                order, changed, position.side, Action.MODIFY, DealReason.EXPERT, 0.0, 0.0, now_ns, request
            ),
        ),
    )


def _order(
    ticket: int,
    position: Position,
    side: Side,
    action: Action,
    reason: DealReason,
    filled: float,
    price: float,
    now_ns: int,
    request: OrderRequest | None,
) -> PaperOrder:
    return PaperOrder(
        ticket=ticket,
        position=position.ticket,
        action=action,
        symbol=position.symbol,
        side=side,
        volume=filled if request is None or action is Action.MODIFY else request.lots,
        filled=filled,
        price=price,
        sl=position.sl,
        tp=position.tp,
        magic=position.magic if request is None else request.magic,
        comment=position.comment if request is None else request.comment,
        reason=reason,
        intent_id="" if request is None else request.intent_id,
        time_ns=now_ns,
        book=position.book,
    )


def _mark(position: Position, reason: DealReason, digits: int) -> str:
    """The comment a broker writes on a deal of its own making."""
    level = position.sl if reason is DealReason.SL else position.tp
    return f"[{reason} {level:.{digits}f}]" if reason is not DealReason.SO else "[so]"


def valued(position: Position, infos: Mapping[str, SymbolInfo], quotes: Quotes) -> Position:
    """The position with its current price and profit; unchanged while its symbol has no facts or price."""
    quote = quotes(position.symbol)
    if quote is None or position.symbol not in infos:
        return position
    money = float(_profit(position, infos, quotes))
    return attrs.evolve(position, price_current=quote.closing(position.side), profit=money)


def _profit(position: Position, infos: Mapping[str, SymbolInfo], quotes: Quotes) -> Decimal:
    info, quote = infos.get(position.symbol), quotes(position.symbol)
    if info is None or quote is None:
        return Decimal(0)
    price = quote.closing(position.side)
    return profit(info, position.side, position.volume, position.price_open, price)


@attrs.frozen(kw_only=True)
class Balance:
    """Money of a book at one moment, account currency. ``level`` is equity / margin in percent."""

    balance: Decimal
    profit: Decimal
    margin: Decimal

    @property
    def equity(self) -> Decimal:
        """Balance and open profit."""
        return self.balance + self.profit

    @property
    def free(self) -> Decimal:
        """Equity that no position binds."""
        return self.equity - self.margin

    @property
    def level(self) -> Decimal | None:
        """``None`` without open positions."""
        return self.equity / self.margin * 100 if self.margin else None


def weigh(book: PaperBook, infos: Mapping[str, SymbolInfo], quotes: Quotes, leverage: int) -> Balance:
    """Value the whole book at the current quotes."""
    positions = book.positions.values()
    return Balance(
        balance=book.balance,
        profit=_total(_profit(position, infos, quotes) for position in positions),
        margin=_total(
            margin(infos[position.symbol], position.volume, position.price_open, leverage)
            for position in positions
            if position.symbol in infos
        ),
    )


def _total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))
