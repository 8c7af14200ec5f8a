"""An alert's story as lines of text: what was read, judged, computed, asked, answered."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from zepix_core.cli.output import cell
from zepix_core.cli.story_words import Plugins, as_gate, decided, later, order_verdict, verdict
from zepix_core.journal.listing import OrderRow, TradeRow
from zepix_core.journal.story import OrderStory, Story, StoryEvent
from zepix_core.model.decision import Decision, Gate
from zepix_core.model.gate_words import gate_text

GOOD, BAD, HEAD, DIM, PLAIN = "good", "bad", "head", "dim", ""
_ENDS = {
    "done": GOOD,
    "acted": GOOD,
    "filled": GOOD,
    "refused": BAD,
    "dead": BAD,
    "rejected": BAD,
    "failed": BAD,
}
ANSWERED = "alert_answered"
_FINE = ("", None)
_EMPTY: tuple[object, ...] = ("", None, [], {}, ())


@attrs.frozen
class Line:
    """One line; ``style`` is `GOOD`, `BAD`, `HEAD`, `DIM` or `PLAIN`."""

    text: str
    style: str = PLAIN


def story_lines(story: Story, plugins: Plugins = ()) -> Iterator[Line]:
    """The story in the order it happened; ``plugins`` are rows of ``zepix plugins list``."""
    yield from _arrival(story, plugins)
    errors = {event.plugin: event.payload.get("error") for event in story.events if event.kind == ANSWERED}
    for delivery in story.alert.deliveries:
        yield Line("")
        reason = f" ({delivery.reason})" if delivery.reason else ""
        yield Line(f"{delivery.plugin}: {delivery.state}{reason}", _ENDS.get(delivery.state, HEAD))
        if error := errors.get(delivery.plugin):
            yield Line(f"  error: {error}", BAD)
        decision = story.decisions.get(delivery.plugin)
        if decision is not None:
            yield from _decision(decision)
    if story.orders:
        yield Line("")
        yield Line("Orders", HEAD)
        for order in story.orders:
            yield from _order(order)
    yield from _trades(story.trades)
    if story.followers:
        yield Line("")
        yield Line("What followed without an alert", HEAD)
        for order in story.followers:
            yield from _order(order)
        yield from _trades(story.follower_trades)
    yield from _events(story.events)


def order_story_lines(story: OrderStory) -> Iterator[Line]:
    """The story of an order that no alert asked for."""
    order = story.order
    yield Line(order_verdict(story), _ENDS.get(order.state, HEAD))
    yield Line(f"  created   {order.created_at}")
    if order.label:
        yield Line(f"  label     {order.label}")
    if story.origin is not None:
        origin = story.origin
        alert = f" of alert {origin.alert_id}" if origin.alert_id is not None else ""
        yield Line(f"  follows   order {origin.intent_id}{alert}")
    yield from _order(order)
    for follower in story.followers:
        yield from _order(follower)
    yield from _trades(story.trades)
    yield from _events(story.events)


def _trades(trades: Sequence[TradeRow]) -> Iterator[Line]:
    for trade in trades:
        result = f", {trade.closed_lots:g} closed at {trade.price_close:g}" if trade.price_close else ""
        profit = f", profit {trade.profit:.2f} ({trade.reason})" if trade.closed_lots else ""
        yield Line(f"  position {trade.ticket}: {trade.status}{result}{profit}")


def _events(events: Sequence[StoryEvent]) -> Iterator[Line]:
    if events:
        yield Line("")
        yield Line("What happened", HEAD)
        for event in events:
            yield from _event(event)


def _arrival(story: Story, plugins: Plugins) -> Iterator[Line]:
    alert = story.alert
    yield Line(verdict(story, plugins), _ENDS.get(alert.state, HEAD))
    yield Line(f"  received  {alert.received_at}")
    if alert.finished_at:
        yield Line(f"  finished  {alert.finished_at}")
    facts = [alert.kind, alert.symbol, alert.timeframe and f"timeframe {alert.timeframe}"]
    yield Line(f"  kind      {', '.join(fact for fact in facts if fact)}")
    yield Line(f"  key       {alert.key}")
    if alert.duplicates:
        yield Line(
            f"  repeated  {alert.duplicates} more time{'s' if alert.duplicates > 1 else ''}, nothing done"
        )
    yield Line(f"  body      {' '.join(alert.body.split())}", DIM)
    if story.others:
        yield Line(f"  Other alerts go by this name: {', '.join(map(str, story.others))}", DIM)


def _decision(decision: Decision) -> Iterator[Line]:
    yield Line(f"  decision: {decided(decision)}")
    if decision.fields:
        yield Line("  fields read", HEAD)
        width = max(len(name) for name in decision.fields)
        for name, value in decision.fields.items():
            yield Line(f"    {name.ljust(width)}  {cell(value)}")
    if decision.gates:
        yield Line("  gates", HEAD)
        for gate in decision.gates:
            yield gate_line(gate)
    if decision.steps:
        yield Line("  sizing", HEAD)
        width = max(len(step.name) for step in decision.steps)
        for step in decision.steps:
            yield Line(f"    {step.name.ljust(width)}  {step.formula} = {step.result}")
    facts = {key: value for key, value in decision.data.items() if value not in _EMPTY}
    if facts:
        yield Line("  outcome", HEAD)
        width = max(len(name) for name in facts)
        for name, value in facts.items():
            parts = value if isinstance(value, list | tuple) else [value]
            for index, part in enumerate(parts):
                yield Line(f"    {(name if index == 0 else '').ljust(width)}  {cell(part)}", DIM)


def gate_line(gate: Gate) -> Line:
    """One test with its number and what it was held against."""
    note = f"  {gate.note}" if gate.note else ""
    mark, style = ("pass", GOOD) if gate.passed else ("FAIL", BAD)
    return Line(f"    {mark}  {gate_text(gate)}{note}", style)


def _order(order: OrderRow) -> Iterator[Line]:
    reason = f" ({order.reason})" if order.reason else ""
    what = f"{order.action} {order.side} {order.lots:g} {order.symbol}"
    levels = "".join(f" {name} {price:g}" for name, price in (("SL", order.sl), ("TP", order.tp)) if price)
    fill = f", filled {order.fill_lots:g} at {order.fill_price:g}" if order.fill_price else ""
    ticket = f", ticket {order.ticket}" if order.ticket else ""
    label = f" {order.label}" if order.alert_id is None and order.label else ""
    text = f"  {order.intent_id} leg {order.leg}{label}: {what}{levels}{fill}{ticket}, {order.state}{reason}"
    yield Line(text, _ENDS.get(order.state, PLAIN))


def _event(event: StoryEvent) -> Iterator[Line]:
    after = later(event.after_ms) if event.after_ms is not None else ""
    where = " ".join(part for part in (event.plugin, event.intent_id) if part)
    payload = dict(event.payload)
    gates = payload.pop("gates", None)
    told, style = _told(event.kind, payload)
    what = " ".join(part for part in (event.kind, where) if part)
    yield Line(f"  {event.at} {after.rjust(12)}  {what}: {told}".rstrip(": "), style)
    if isinstance(gates, list):
        for gate in gates:
            if isinstance(gate, Mapping):
                yield gate_line(as_gate(gate))


def _told(kind: str, payload: Mapping[str, Any]) -> tuple[str, str]:
    style = PLAIN
    if kind in ("gate", "reply"):
        style = BAD if payload.get("code") not in _FINE else GOOD
    left_out = ("plugin", "intent_id", "alert_key", "alert_id", "time_ns")
    facts = {key: value for key, value in payload.items() if key not in left_out and value not in _FINE}
    if kind == ANSWERED:
        facts.pop("error", None)  # it stands at the plugin's outcome
    latency = facts.pop("latency_ms", None)
    text = cell(facts) if facts else ""
    return (f"{text}, after {latency:.1f} ms" if isinstance(latency, int | float) else text), style
