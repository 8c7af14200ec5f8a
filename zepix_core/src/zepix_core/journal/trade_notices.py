"""What people hear of trades."""

from collections.abc import Sequence

from zepix_core.model.notice import Notice, Priority
from zepix_core.model.order import Intent, TradeUpdate, UpdateKind

_KINDS = {"SL": "sl_hit", "TP1": "tp_hit", "TP2": "tp_hit", "TP3": "tp_hit"}


def entry_notice(legs: Sequence[Intent], logic: str = "") -> Notice:
    """One notice for all legs of a trade that went in."""
    first = legs[0]
    orders = [
        {
            "label": leg.label or leg.leg, "lots": leg.fill_lots, "sl": leg.sl, "tp": leg.tp,
            "ticket": leg.position_id,
        }
        for leg in legs
    ]  # fmt: skip
    lots = " + ".join(f"{leg.fill_lots:g}" for leg in legs)
    shadow = first.book.value == "shadow"
    return Notice(
        type="entry",
        priority=Priority.HIGH,
        plugin=first.plugin,
        symbol=first.symbol,
        alert_id=first.alert_id,
        text=f"{first.plugin}: {first.side.value} {first.symbol} {lots} at {first.fill_price:g}"
        + (" (shadow)" if shadow else ""),
        data={
            "direction": first.side.value, "price": first.fill_price, "orders": orders, "logic": logic,
            "shadow": shadow,
        },
        key=f"entry:{first.group}",
    )  # fmt: skip


def half_notice(placed: Intent, missing: Intent) -> Notice:
    """A pair of which only the first leg stands."""
    return Notice(
        type="order_failed",
        priority=Priority.HIGH,
        plugin=placed.plugin,
        symbol=placed.symbol,
        alert_id=placed.alert_id,
        text=f"{placed.plugin}: leg {missing.leg} of {placed.symbol} was not placed ({missing.reason});"
        f" leg {placed.leg} is {placed.state.value}, ticket {placed.position_id}",
        data={
            "action": "open", "lots": missing.lots, "error": missing.reason, "code": missing.reason,
            "attempts": missing.attempt, "will_retry": False, "stays": placed.position_id,
        },
        key=f"half:{placed.group}",
    )  # fmt: skip


def denied_notice(intent: Intent, message: str) -> Notice:
    """An order that no alert asked for, such as a chain's, was refused by the host."""
    what = f"{intent.action.value} {intent.side.value} {intent.lots:g} {intent.symbol}"
    label = f" ({intent.label})" if intent.label else ""
    return Notice(
        type="order_failed",
        priority=Priority.MEDIUM,
        plugin=intent.plugin,
        symbol=intent.symbol,
        text=f"{intent.plugin}: {what}{label} was denied: {intent.reason}, {message}",
        data={
            "action": intent.action.value, "lots": intent.lots, "error": message, "code": intent.reason,
            "attempts": intent.attempt, "will_retry": False, "intent_id": intent.intent_id,
        },
        key=f"denied:{intent.group}",
    )  # fmt: skip


def closed_notice(update: TradeUpdate) -> Notice:
    """A close, full or in part."""
    money = round(update.profit + update.commission + update.swap, 2)
    kind = _KINDS.get(update.reason, "exit")
    if update.kind is UpdateKind.PARTLY_CLOSED:
        kind = "profit_booking"
    text = (
        f"{update.plugin}: {update.symbol} {update.closed_volume:g} closed at {update.price:g} by"
        f" {update.reason}, {update.profit_pips:+.1f} pips, {money:+.2f}"
    )
    return Notice(
        type=kind,
        priority=Priority.MEDIUM if kind == "profit_booking" else Priority.HIGH,
        plugin=update.plugin,
        symbol=update.symbol,
        alert_id=update.alert_id,
        text=text,
        data={
            "direction": update.side.value, "ticket": update.ticket, "label": update.label or update.leg,
            "level": update.reason, "entry_price": update.price_open, "price": update.price,
            "exit_price": update.price, "lots": update.closed_volume, "remaining_lots": update.volume,
            "gross": update.profit, "commission": update.commission, "net": money, "profit": money,
            "loss": money, "pips": update.profit_pips, "reason": update.reason, "tickets": [update.ticket],
            "shadow": update.shadow,
        },
        key=f"deal:{update.deal}",
    )  # fmt: skip
