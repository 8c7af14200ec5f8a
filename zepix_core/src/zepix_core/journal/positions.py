"""Open positions as people list them: the broker's word joined with what the journal knows."""

from collections.abc import Iterable

import attrs

from zepix_core.clock import iso
from zepix_core.journal.listing import TradeRow
from zepix_core.model.order import Position


@attrs.frozen(kw_only=True)
class PositionRow:
    """One open position. ``plugin`` is empty for a foreign one, which is shown and never touched.

    Attributes:
        price_current, profit: As the broker says now; ``None`` when only the journal was asked.
    """

    ticket: int
    symbol: str
    side: str
    lots: float
    price_open: float
    price_current: float | None
    sl: float
    tp: float
    profit: float | None
    plugin: str
    leg: str
    label: str
    alert_id: int | None
    external_id: str | None
    intent_id: str
    comment: str
    book: str
    opened_at: str
    swap: float = 0.0
    magic: int = 0


def join_positions(positions: Iterable[Position], trades: Iterable[TradeRow]) -> tuple[PositionRow, ...]:
    """The broker's positions, each with the plugin, leg and alert it came from."""
    ours = {trade.ticket: trade for trade in trades}
    rows = []
    for position in positions:
        trade = ours.get(position.ticket)
        rows.append(
            PositionRow(
                ticket=position.ticket,
                symbol=position.symbol,
                side=position.side.value,
                lots=position.volume,
                price_open=position.price_open,
                price_current=position.price_current,
                sl=position.sl,
                tp=position.tp,
                profit=position.profit,
                plugin=trade.plugin if trade else "",
                leg=trade.leg if trade else "",
                label=trade.label if trade else "",
                alert_id=trade.alert_id if trade else None,
                external_id=trade.external_id if trade else None,
                intent_id=trade.intent_id if trade else "",
                comment=position.comment,
                book=position.book.value,
                opened_at=iso(position.time_ns),
                swap=position.swap,
                magic=position.magic,
            )
        )
    return tuple(rows)


def positions_of(trades: Iterable[TradeRow]) -> tuple[PositionRow, ...]:
    """The open positions as the journal alone knows them."""
    return tuple(
        PositionRow(
            ticket=trade.ticket,
            symbol=trade.symbol,
            side=trade.side,
            lots=round(trade.lots - trade.closed_lots, 8),
            price_open=trade.price_open,
            price_current=None,
            sl=trade.sl,
            tp=trade.tp,
            profit=None,
            plugin=trade.plugin,
            leg=trade.leg,
            label=trade.label,
            alert_id=trade.alert_id,
            external_id=trade.external_id,
            intent_id=trade.intent_id,
            comment=trade.comment,
            book=trade.book,
            opened_at=trade.opened_at,
        )
        for trade in trades
        if trade.status != "closed"
    )
