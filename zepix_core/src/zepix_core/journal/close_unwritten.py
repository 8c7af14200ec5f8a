"""Closing although the journal cannot be written: a full disk must keep nobody in the market."""

import logging

import attrs

from zepix_core.errors import StorageError
from zepix_core.journal.close_parts import PARTS
from zepix_core.journal.close_results import PARTLY, refused
from zepix_core.journal.ledger import LEAST
from zepix_core.journal.line import UNRESOLVED, OrderLine
from zepix_core.journal.retcodes import ReplyClass
from zepix_core.journal.sending import still_wanted
from zepix_core.model.order import CloseResult, Intent
from zepix_core.services.calls import CloseRequest

log = logging.getLogger(__name__)


async def close_unwritten(
    line: OrderLine, intent: Intent, request: CloseRequest, error: StorageError
) -> CloseResult:
    """Close all of a position. That may be asked for twice: the second finds nothing. Its deals are booked
    later."""
    log.critical("position %s is closed unwritten: %s", request.ticket, error)
    closed = 0.0
    for _ in range(PARTS):
        try:
            sent = await line.send(intent, still_wanted)
        except StorageError:
            result = refused(request, UNRESOLVED, "the journal cannot be written")
            return attrs.evolve(result, closed_volume=closed)
        if sent.kind is not ReplyClass.DONE or sent.reply is None:
            result = refused(request, sent.code or UNRESOLVED, sent.message)
            return attrs.evolve(result, closed_volume=closed)
        closed = round(closed + sent.reply.volume, 8)
        rest = round(intent.lots - sent.reply.volume, 8)
        if sent.reply.volume <= LEAST or rest <= LEAST:
            return attrs.evolve(refused(request, ""), success=True, closed_volume=closed)
        intent = attrs.evolve(intent, lots=rest)
    result = refused(request, PARTLY, f"{intent.lots:g} lots are left")
    return attrs.evolve(result, closed_volume=closed, remaining_volume=intent.lots)
