"""The sentences of a story: how an alert ended, and why."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from zepix_core.journal.listing import AlertRow, OrderRow
from zepix_core.journal.story import OrderStory, Story, StoryEvent
from zepix_core.model.decision import Decision, Gate, Verdict
from zepix_core.model.gate_words import gate_sentence
from zepix_core.model.order import Book

Plugins = Sequence[Mapping[str, Any]]
OPENED = ("filled", "partly_filled", "closed", "adopted")
UNDERWAY = ("planned", "sending", "placed", "unknown")
TURNS = {"new": "its turn has not come", "claimed": "it is being worked on"}
UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def verdict(story: Story, plugins: Plugins = ()) -> str:
    """How the alert ended, in a sentence or two; ``plugins`` are rows of ``zepix plugins list``."""
    alert = story.alert
    head = f"Alert {alert.id}{f' ({alert.external_id})' if alert.external_id else ''}: {alert.state}"
    if alert.state in TURNS:
        return f"{head}: {TURNS[alert.state]}."
    if alert.state != "done":
        why = reason_text(story, plugins)
        return f"{head}, {alert.reason}{f': {why}' if why else ''}."
    return f"{head}. {' '.join(_deeds(story))}".rstrip()


def order_verdict(story: OrderStory) -> str:
    """How an order without an alert ended, in a sentence."""
    order = story.order
    what = f"{order.action} {order.side} {order.lots:g} {order.symbol}{_where(order.book)}"
    head = f"Order {order.intent_id} of {order.plugin} ({what}): {order.state}"
    failed = [gate for gate in _event_gates(story.events) if not gate.passed]
    why = gate_sentence(failed[-1]).rstrip(".") if failed and order.state == "denied" else ""
    return f"{head}{f', {order.reason}' if order.reason else ''}{f': {why}' if why else ''}."


def _deeds(story: Story) -> Iterator[str]:
    for delivery in story.alert.deliveries:
        orders = [order for order in story.orders if order.plugin == delivery.plugin]
        if orders:
            yield from (f"{delivery.plugin} {deed}." for deed in _orders(orders))
            continue
        decision = story.decisions.get(delivery.plugin)
        if decision is not None and decision.verdict is Verdict.ACTED:
            yield f"{delivery.plugin}: {decision.action}, no order."
        elif decision is not None:
            yield f"{delivery.plugin}: {decided(decision)}."


def _orders(orders: Sequence[OrderRow]) -> Iterator[str]:
    opened = [order for order in orders if order.action == "open" and order.state in OPENED]
    for key in dict.fromkeys(map(_deal, opened)):
        lots = [order.lots for order in opened if _deal(order) == key]
        sizes = " + ".join(f"{size:g}" for size in lots)
        side, symbol, book = key
        yield f"opened {_count(len(lots), 'order')}{_where(book)}: {side} {sizes} {symbol}"
    closed = Counter((o.symbol, o.book) for o in orders if o.action == "close" and o.state in OPENED)
    for (symbol, book), count in closed.items():
        yield f"closed {_count(count, 'position')} of {symbol}{_where(book)}"
    waiting = sum(order.state in UNDERWAY for order in orders)
    if waiting:
        yield f"waits for {_count(waiting, 'answer')} of the broker"
    refused = [order for order in orders if order.state not in (*OPENED, *UNDERWAY)]
    if refused:
        reasons = ", ".join(dict.fromkeys(order.reason or order.state for order in refused))
        yield f"had {_count(len(refused), 'order')} refused: {reasons}"


def _deal(order: OrderRow) -> tuple[str, str, str]:
    return order.side, order.symbol, order.book


def _where(book: str) -> str:
    """No money moves in the shadow book: that is never left out."""
    return " in shadow" if book == Book.SHADOW.value else ""


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def decided(decision: Decision) -> str:
    """What a plugin decided: a refusal never reads as if it had acted."""
    reason = decision.reason or ""
    if decision.verdict is Verdict.ACTED:
        return f"{decision.action} ({reason})" if reason else decision.action
    if decision.verdict is Verdict.NOTHING:
        return f"nothing to do: {reason}" if reason else "nothing to do"
    wanted = "" if decision.action in ("reject", "refuse") else f"wanted to {decision.action}, "
    return f"{wanted}refused: {reason}" if reason else f"{wanted}refused"


def reason_text(story: Story, plugins: Plugins = ()) -> str:
    """Why an alert was refused or died, with the numbers the journal has; ``""`` when it has no more."""
    reason = story.alert.reason or ""
    host = _host_reason(reason, story, plugins)
    if host:
        return host
    for plugin, decision in story.decisions.items():
        if decision.reason != reason:
            continue
        if isinstance(detail := decision.data.get("detail"), str) and detail:
            return detail.rstrip(".")
        failed = [gate for gate in decision.gates if not gate.passed]
        failed = failed or [gate for gate in _host_gates(story, plugin) if not gate.passed]
        if failed:
            return gate_sentence(failed[-1]).rstrip(".")
    return "the same was handled shortly before" if reason == "duplicate" else ""


def _host_gates(story: Story, plugin: str) -> Iterator[Gate]:
    yield from _event_gates([event for event in story.events if event.plugin == plugin])


def _event_gates(events: Sequence[StoryEvent]) -> Iterator[Gate]:
    for event in events:
        gates = event.payload.get("gates")
        for told in gates if isinstance(gates, list) else ():
            if isinstance(told, Mapping):
                yield as_gate(told)


def as_gate(told: Mapping[str, Any]) -> Gate:
    """A gate as an event holds it."""
    known = ("name", "passed", "value", "rule", "threshold", "note")
    return Gate(**{"name": "?", "passed": False, **{key: told[key] for key in known if key in told}})


def _host_reason(reason: str, story: Story, plugins: Plugins) -> str:
    facts: dict[str, Any] = {}
    for event in story.events:
        facts |= event.payload if event.kind == "alert_refused" else {}
    age, limit = facts.get("age_seconds"), facts.get("limit_seconds")
    deaths = max((delivery.tries for delivery in story.alert.deliveries), default=0)
    if reason == "stale" and age is not None:
        if age < 0:
            return f"its own time lies {duration(-age)} in the future"
        return f"its own time is {duration(age)} old, and at most {duration(limit or 0)} are allowed"
    if reason == "replayed" and age is not None:
        return f"it came {duration(age)} before, too, and an alert with its own id or time is done only once"
    if reason == "expired" and story.alert.finished_at:
        waited = _seconds_between(story.alert.received_at, story.alert.finished_at)
        return f"its turn came {duration(waited)} after its arrival, too late for an entry"
    if reason == "rate_limited" and "rate_per_minute" in facts:
        rate, burst = facts["rate_per_minute"], facts["burst"]
        return f"more than {rate:g} a minute came ({burst:g} at once are fine); exits are never limited"
    if reason == "no_plugin":
        return _nobody(story, plugins)
    if reason == "worker_died" and deaths:
        return f"the plugin's process ended {_count(deaths, 'time')} while it had this alert"
    return REASONS.get(reason, "")


REASONS = {
    "stale": "its own time is too long ago, or in the future",
    "replayed": "it came before, and an alert with its own id or time is done only once",
    "expired": "its turn came too late for an entry",
    "rate_limited": "more alerts came than the rate allows; exits are never limited",
    "strict": "it names neither an id nor a time of its own, and webhook.strict_alerts is on",
    "plugin_unavailable": "the plugin that takes it could not be asked; see `zepix plugins list`",
    "plugin_error": "the plugin raised an error or gave no usable answer",
    "worker_died": "the plugin's process ended while it had this alert",
    "host_died": "the host ended several times while this alert was worked on",
}


def _nobody(story: Story, plugins: Plugins) -> str:
    alert = story.alert
    frame = f" of timeframe {alert.timeframe}" if alert.timeframe else ""
    parts = [f"no enabled plugin takes {alert.kind}{frame}"]
    would = [row for row in plugins if _takes(row, alert)]
    for row in would:
        state = row.get("state") or "disabled"
        parts.append(f"{row['id']} ({state}) would take it: `zepix plugins enable {row['id']}`")
    for row in plugins:
        if row in would:
            continue
        kinds = ", ".join(sorted(row.get("alerts") or ())) or "nothing that is known"
        frames = ", ".join(row.get("timeframes") or ())
        off = "" if row.get("enabled") else f" ({row.get('state') or 'disabled'})"
        parts.append(f"{row['id']}{off} takes {kinds}{f' of timeframes {frames}' if frames else ''}")
    return "; ".join(parts)


def _takes(row: Mapping[str, Any], alert: AlertRow) -> bool:
    """Whether a plugin that is not enabled would take that alert."""
    frames = row.get("timeframes") or ()
    fits = not frames or alert.timeframe in frames
    return not row.get("enabled") and alert.kind in (row.get("alerts") or ()) and fits


def _seconds_between(first: str, second: str) -> float:
    return (datetime.fromisoformat(second) - datetime.fromisoformat(first)).total_seconds()


def duration(seconds: float) -> str:
    """``12.5 s``, ``4 min 19 s``, ``3 d 4 h``: the two largest units."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    rest, parts = int(seconds), []
    for size, unit in UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
    return " ".join(parts[:2])


def later(milliseconds: float) -> str:
    """How long after the event before."""
    return f"+{milliseconds:.1f} ms" if milliseconds < 1000 else f"+{duration(milliseconds / 1000)}"
