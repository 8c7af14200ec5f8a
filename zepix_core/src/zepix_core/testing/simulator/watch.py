"""Looks at every request as it arrives and at every moment between two steps."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from zepix_core.journal import intent_rows
from zepix_core.journal.intents import ours
from zepix_core.model.order import Action, IntentState, OrderRequest
from zepix_core.storage.connection import open_reader
from zepix_core.testing.simulator.server import Server

UNPROTECTED_SECONDS = 5.0
TINY = 1e-9


class Watcher:
    """Collects violations as they happen.

    Attributes:
        found: Sentences, in order.
        checks: How many times something was looked at.
    """

    def __init__(self, journal: Path, server: Server, time: Callable[[], float]) -> None:
        self.found: list[str] = []
        self.checks = 0
        self.journal_fails: Callable[[], bool] = lambda: False
        self.connected: Callable[[], bool] = lambda: False
        self._journal, self._server, self._time = journal, server, time
        self._bare: dict[int, float] = {}
        self._looked = 0.0

    def arrived(self, request: OrderRequest) -> None:
        """No request reaches the broker that is not committed as being sent, in these very words."""
        self.checks += 1
        with closing(open_reader(self._journal)) as reader:
            problem = self._wrong(reader, request)
        if problem:
            self.found.append(f"{request.action} {request.intent_id} arrived: {problem}")

    def _wrong(self, reader: sqlite3.Connection, request: OrderRequest) -> str:
        intent = intent_rows.get(reader, request.intent_id)
        whole_close = request.action is Action.CLOSE and self.journal_fails()
        if intent is None:
            return "" if whole_close else "the journal has no such intent"
        if intent.state is IntentState.SENDING or whole_close:
            same = (
                intent.symbol == request.symbol
                and intent.side is request.side
                and intent.lots + TINY >= request.lots
                and abs(intent.sl - request.sl) < TINY
                and abs(intent.tp - request.tp) < TINY
                and intent.comment == request.comment
            )
            return "" if same else f"the journal says {intent}"
        return f"the journal says {intent.state}"

    def look(self) -> None:
        """How long positions of ours have been without a stop while the broker could be reached."""
        now, before = self._time(), self._looked
        if now == before:
            return
        self._looked = now
        self.checks += 1
        bare = {p.ticket for p in self._server.engine.held() if p.sl == 0 and ours(p.magic, 1)}
        connected = self.connected()
        for ticket in bare:
            spent = self._bare.get(ticket, 0.0) + (now - before if connected else 0.0)
            if spent > UNPROTECTED_SECONDS >= self._bare.get(ticket, 0.0):
                self.found.append(f"position {ticket} had no stop for {spent:.1f} s while connected")
            self._bare[ticket] = spent
        self._bare = {ticket: spent for ticket, spent in self._bare.items() if ticket in bare}
