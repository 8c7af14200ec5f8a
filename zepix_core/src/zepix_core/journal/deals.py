"""What one deal changes: the intents it belongs to, the plugin's update, the notice. One transaction."""

import sqlite3
from collections.abc import Callable

import attrs

from zepix_core.clock import Clock
from zepix_core.journal import deal_rows, events, intent_rows, outbox, totals
from zepix_core.journal.intents import OVER, ours
from zepix_core.journal.ledger import LEAST, closed_volume
from zepix_core.journal.matching import alike, awaited, close_for_deal, entry_for_deal
from zepix_core.journal.outcomes import needs_human
from zepix_core.journal.trade_notices import closed_notice, entry_notice
from zepix_core.model.market import SymbolInfo
from zepix_core.model.notice import Notice, Priority
from zepix_core.model.order import Deal, DealEntry, DealReason, Intent, IntentState, TradeUpdate, UpdateKind
from zepix_core.rules.pips import profit_pips

Symbols = Callable[[str], SymbolInfo | None]
S = IntentState


@attrs.frozen(kw_only=True)
class DealSettler:
    """Books deals of one account.

    Attributes:
        day_start: Start of the trading day that a moment belongs to, UTC nanoseconds.
    """

    clock: Clock
    account: str
    symbols: Symbols
    day_start: Callable[[int], int]
    host_id: int = 1

    def take(self, connection: sqlite3.Connection, deal: Deal, final: bool) -> str | None:
        """Book a deal once and return the plugin that has news, if any.

        Args:
            final: The deals before this one are booked. A deal that matches nothing is foreign then;
                otherwise it is left for the next catch-up. So is one that the answer to a request under
                way may name, and one that closes a position whose opening deal has not come.
        """
        if deal_rows.known(connection, self.account, deal.ticket):
            return None
        if deal.entry is DealEntry.IN:
            return self._opened(connection, deal, final)
        return self._closed(connection, deal, final)

    def _add(self, connection: sqlite3.Connection, deal: Deal, owner: Intent | None) -> None:
        """The row of a deal, and the totals with it."""
        if deal_rows.add(connection, self.account, deal, owner):
            totals.add(connection, self.account, deal.ticket, self.day_start(deal.time_ns))

    def emit(self, connection: sqlite3.Connection, update: TradeUpdate) -> None:
        """Write a trade update for its plugin; its sequence is the row's."""
        events.append(
            connection, self.clock, "trade_update", attrs.asdict(update),
            alert_id=update.alert_id, plugin=update.plugin, intent_id=update.intent_id,
        )  # fmt: skip

    def _opened(self, connection: sqlite3.Connection, deal: Deal, final: bool) -> str | None:
        entry = entry_for_deal(connection, self.account, deal)
        if entry is None:
            if final and not awaited(connection, self.account, deal):
                self._nameless(connection, deal)
            return None
        if entry.position_id not in (0, deal.position):
            self._add(connection, deal, None)
            needs_human(connection, self.clock, entry, f"a second position, {deal.position}, for one order")
            return None
        self._add(connection, deal, entry)
        before = [
            d for d in deal_rows.of_position(connection, self.account, deal.position)
            if d.entry is DealEntry.IN and d.ticket != deal.ticket
        ]  # fmt: skip
        lots = round(sum(d.volume for d in before) + deal.volume, 8)
        price = (sum(d.volume * d.price for d in before) + deal.volume * deal.price) / lots
        entry = self._fill(connection, entry, deal, lots, round(price, 10))
        kind = UpdateKind.MODIFIED if before else UpdateKind.OPENED
        self.emit(connection, self._update(entry, deal, kind, volume=lots))
        return entry.plugin

    def _nameless(self, connection: sqlite3.Connection, deal: Deal) -> None:
        """A deal that opens a position of nobody we know: foreign, unless it carries a magic of ours."""
        self._add(connection, deal, None)
        if not ours(deal.magic, self.host_id):
            return
        why = f"position {deal.position} carries our magic and fits no single order"
        for intent in alike(connection, self.account, deal):
            needs_human(connection, self.clock, intent, why)
        text = f"{deal.symbol}: {why}; a person must look"
        outbox.put(
            connection, self.clock,
            Notice(
                type="order_unresolved", priority=Priority.CRITICAL, symbol=deal.symbol, text=text,
                data={"action": "open", "lots": deal.volume, "why": why, "deal": deal.ticket},
            ),
        )  # fmt: skip

    def _fill(
        self, connection: sqlite3.Connection, entry: Intent, deal: Deal, lots: float, price: float
    ) -> Intent:
        numbers = {
            "position_id": deal.position, "deal_ticket": deal.ticket, "fill_lots": lots, "fill_price": price,
            "order_ticket": entry.order_ticket or deal.order,
        }  # fmt: skip
        cause = {"deal": deal.ticket}
        never_sent = entry.state in (S.DENIED, S.PLANNED)
        if never_sent or lots > entry.lots + LEAST:
            why = "an order for an intent that was not sent" if never_sent else f"{lots:g} lots were filled"
            entry = intent_rows.move(
                connection, self.clock, entry.intent_id, S.ADOPTED, cause, reason="", **numbers
            )
            return needs_human(connection, self.clock, entry, why)
        late = entry.state is S.UNKNOWN or entry.state in OVER
        state = S.FILLED if lots >= entry.lots - LEAST else S.PARTLY_FILLED
        if entry.state in OVER:
            state = S.ADOPTED
        elif entry.state in (S.ADOPTED, S.NEEDS_HUMAN, S.CLOSED, S.FILLED):
            state = entry.state
        entry = intent_rows.move(connection, self.clock, entry.intent_id, state, cause, reason="", **numbers)
        if late:
            outbox.put(connection, self.clock, entry_notice([entry]))
        return entry

    def _closed(self, connection: sqlite3.Connection, deal: Deal, final: bool) -> str | None:
        entry = intent_rows.entry_of(connection, self.account, deal.position)
        if entry is None:
            if final:
                self._add(connection, deal, None)
            return None
        if entry.state is S.FOREIGN:
            self._add(connection, deal, None)
            return None
        if not final and not deal_rows.opened(connection, self.account, deal.position):
            return None  # its plugin is to hear of the opening first
        self._add(connection, deal, entry)
        closed = closed_volume(connection, self.account, deal.position)
        remaining = max(0.0, round(entry.fill_lots - closed, 8))
        reason = self._reason(connection, entry, deal)
        done = remaining <= LEAST
        if done and entry.state is not S.NEEDS_HUMAN:
            cause = {"deal": deal.ticket, "close_reason": reason}
            entry = intent_rows.move(connection, self.clock, entry.intent_id, S.CLOSED, cause)
        update = attrs.evolve(
            self._update(
                entry, deal, UpdateKind.CLOSED if done else UpdateKind.PARTLY_CLOSED,
                volume=0.0 if done else remaining,
            ),
            closed_volume=deal.volume, reason=reason, profit_pips=self._pips(entry, deal),
        )  # fmt: skip
        self.emit(connection, update)
        outbox.put(connection, self.clock, closed_notice(update))
        return entry.plugin

    def _reason(self, connection: sqlite3.Connection, entry: Intent, deal: Deal) -> str:
        """Close reason; settles the close intent behind the deal."""
        if deal.reason is DealReason.SL:
            return "SL"
        if deal.reason is DealReason.TP:
            return target_of(entry)
        if deal.reason is DealReason.CLIENT:
            return "Manual"
        close = None if deal.reason is DealReason.SO else close_for_deal(connection, self.account, deal)
        if close is None:
            return "Broker"
        state = S.CLOSED if close.state in (S.SENDING, S.UNKNOWN, S.PLACED) else close.state
        if state in OVER:
            state = S.ADOPTED
        filled = deal_rows.volume_of_order(connection, self.account, deal)
        intent_rows.move(
            connection, self.clock, close.intent_id, state, {"deal": deal.ticket},
            order_ticket=deal.order, deal_ticket=deal.ticket, fill_price=deal.price,
            fill_lots=max(close.fill_lots, filled),
        )  # fmt: skip
        return close.label or "Manual"

    def _pips(self, entry: Intent, deal: Deal) -> float:
        info = self.symbols(entry.symbol)
        if info is None:
            return 0.0
        return profit_pips(entry.side, entry.fill_price, deal.price, info.pip_size)

    def _update(self, entry: Intent, deal: Deal, kind: UpdateKind, volume: float) -> TradeUpdate:
        return TradeUpdate(
            sequence=0, kind=kind, plugin=entry.plugin, intent_id=entry.intent_id, alert_key=entry.alert_key,
            alert_id=entry.alert_id, ticket=deal.position, symbol=entry.symbol, side=entry.side,
            leg=entry.leg, label=entry.label, volume=volume, price=deal.price, time_ns=deal.time_ns,
            price_open=entry.fill_price, sl=entry.sl, tp=entry.tp, profit=deal.profit,
            commission=deal.commission, swap=deal.swap, deal=deal.ticket, book=entry.book,
        )  # fmt: skip


def target_of(entry: Intent) -> str:
    """Which target an entry aims at: its label when that names one, else A aims at TP2, others at TP1."""
    return target_named(entry.label, entry.leg)


def target_named(label: str, leg: str) -> str:
    """`target_of` by label and leg."""
    named = [word for word in ("TP1", "TP2", "TP3") if word in label.upper()]
    if named:
        return named[0]
    return "TP2" if leg == "A" else "TP1"


def close_reason(reason: str, asked: str, label: str, leg: str) -> str:
    """The published close reason of a deal, as its update says it.

    Args:
        reason: What the broker says made it.
        asked: What the close behind it was asked for, ``""`` when there is none.
    """
    if reason == DealReason.SL:
        return "SL"
    if reason == DealReason.TP:
        return target_named(label, leg)
    if reason == DealReason.CLIENT:
        return asked or "Manual"
    return asked if asked and reason != DealReason.SO else "Broker"


def update_of(entry: Intent, kind: UpdateKind, time_ns: int, reason: str = "") -> TradeUpdate:
    """An update that no deal caused: changed stops, an order that never came to be."""
    return TradeUpdate(
        sequence=0, kind=kind, plugin=entry.plugin, intent_id=entry.intent_id, alert_key=entry.alert_key,
        alert_id=entry.alert_id, ticket=entry.position_id, symbol=entry.symbol, side=entry.side,
        leg=entry.leg, label=entry.label, volume=entry.fill_lots, price=entry.fill_price, time_ns=time_ns,
        price_open=entry.fill_price, sl=entry.sl, tp=entry.tp, reason=reason, book=entry.book,
    )  # fmt: skip
