"""All records of an alert, and its deals, as lines of text."""

from collections.abc import Iterator

from zepix_core.cli.output import cell
from zepix_core.cli.story_text import HEAD, Line
from zepix_core.journal.audit import AuditRecord, AuditStory, DealRecord


def audit_lines(story: AuditStory) -> Iterator[Line]:
    """Every record in the order it was written, then the deals."""
    alert = story.alert
    if alert is not None:
        yield Line(f"Alert {alert.id}: {alert.kind} {alert.state} {alert.reason or ''}".rstrip(), HEAD)
        yield Line(f"  key {alert.key}")
    yield Line("Records", HEAD)
    for record in story.records:
        yield Line(_record(record))
    yield Line("Deals" if story.deals else "No deals", HEAD)
    for deal in story.deals:
        yield Line(_deal(deal))


def _record(record: AuditRecord) -> str:
    where = " ".join(part for part in (record.plugin, record.intent_id) if part)
    facts = cell(record.payload)
    return (
        f"  {record.seq} {record.hash[:8]} {record.at} {record.kind}{f' {where}' if where else ''}: {facts}"
    )


def _deal(deal: DealRecord) -> str:
    costs = "".join(
        f", {name} {value:.2f}"
        for name, value in (("commission", deal.commission), ("swap", deal.swap))
        if value
    )
    result = f", profit {deal.profit:.2f} ({deal.reason})" if deal.entry == "out" else ""
    what = f"{deal.entry} {deal.side} {deal.volume:g} {deal.symbol} at {deal.price:g}"
    return f"  {deal.at} deal {deal.ticket}: {what}, position {deal.position}{result}{costs}"
