"""The columns that people need of each listing; JSON keeps every field."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from zepix_core.cli.output import cell
from zepix_core.cli.reports import short_line
from zepix_core.clock import SystemClock, iso

DATE = slice(0, 10)
TIME = slice(11, 19)


@attrs.frozen
class Column:
    """One column of a table.

    Attributes:
        head: What stands above; ``key``: the field below it, ``head`` when empty.
        free: Its text may be cut with an ellipsis where there is no room; ids and numbers are never cut.
        show: Makes the text of a row where it is more than the field.
    """

    head: str
    key: str = ""
    free: bool = False
    show: Callable[[Mapping[str, Any]], str] | None = None

    def value(self, row: Mapping[str, Any]) -> Any:
        """The field itself."""
        return row.get(self.key or self.head)

    def text(self, row: Mapping[str, Any]) -> str:
        """What the table shows."""
        return self.show(row) if self.show is not None else cell(self.value(row))


def when(key: str, today: str | None = None) -> Callable[[Mapping[str, Any]], str]:
    """Shows a moment as its time when it is today (UTC), else as its date.

    ``today`` is a date in ISO 8601, the clock's by default.
    """
    date = today or iso(SystemClock().now_ns())[DATE]

    def show(row: Mapping[str, Any]) -> str:
        at = str(row.get(key) or "")
        return (at[TIME] if at[DATE] == date else at[DATE]) or "-"

    return show


def _by_plugin(row: Mapping[str, Any]) -> str:
    told = [f"{d['plugin']}: {d['reason'] or d['state']}" for d in row.get("deliveries") or ()]
    return ", ".join(told) or "-"


def _reports(row: Mapping[str, Any]) -> str:
    return "; ".join(map(short_line, row.get("reports") or ())) or "-"


def alerts(today: str | None = None) -> tuple[Column, ...]:
    """Of `zepix alerts list`."""
    return (
        Column("id"), Column("received", show=when("received_at", today)), Column("kind", free=True),
        Column("symbol"), Column("tf", "timeframe"), Column("state"), Column("reason", free=True),
        Column("plugins", free=True, show=_by_plugin),
    )  # fmt: skip


def _told(row: Mapping[str, Any]) -> str:
    """What became of a notice, with the reason where it was not told."""
    told = [
        f"{one['channel']} {one['state']}{': ' + one['reason'] if one['reason'] else ''}"
        for one in row["told"]
    ]
    return "; ".join(told) or "-"


def notices(today: str | None = None) -> tuple[Column, ...]:
    """Of `zepix notices list`."""
    return (
        Column("id"), Column("at", show=when("at", today)), Column("priority"), Column("type"),
        Column("text", free=True), Column("told", free=True, show=_told),
    )  # fmt: skip


def orders(rows: Sequence[Mapping[str, Any]]) -> tuple[Column, ...]:
    """Of `zepix orders list`: with the reasons where there is one; else the room is for the numbers."""
    reasons = (Column("reason"),) if any(row.get("reason") for row in rows) else ()
    return (*ORDERS[:-1], *reasons, ORDERS[-1])


_ORDER = ("action", "symbol", "side")
ORDERS = (
    Column("intent_id"), Column("alert", "alert_id"),
    *map(Column, ("plugin", "leg", *_ORDER, "lots", "sl", "tp", "state", "ticket")),
)  # fmt: skip
POSITIONS = (
    *map(Column, ("ticket", "plugin", "symbol", "side", "lots")), Column("open", "price_open"),
    *map(Column, ("sl", "tp", "profit")),
)  # fmt: skip
TRADES = (
    *map(Column, ("ticket", "plugin")), Column("alert", "alert_id"), *map(Column, ("symbol", "side", "lots")),
    Column("open", "price_open"), Column("close", "price_close"), *map(Column, ("profit", "status")),
    Column("reason", free=True),
)  # fmt: skip
PAPER_ORDERS = (
    *map(Column, ("ticket", *_ORDER)), Column("lots", "volume"),
    *map(Column, ("price", "sl", "tp", "comment")),
    Column("reason", free=True),
)  # fmt: skip
PAPER_POSITIONS = (
    *map(Column, ("ticket", "symbol", "side")), Column("lots", "volume"), Column("open", "price_open"),
    *map(Column, ("sl", "tp", "comment")),
)  # fmt: skip
RECONCILE = (
    Column("kind", show=lambda row: f"{row['kind']} (settled)" if row["settled"] else row["kind"]),
    Column("ticket", show=lambda row: cell(row["ticket"] or None)), Column("intent", "intent_id"),
    *map(Column, ("plugin", "symbol", "side")), Column("our lots", "our_lots"),
    Column("their lots", "their_lots"), Column("our sl", "our_sl"), Column("their sl", "their_sl"),
    Column("why", free=True),
)  # fmt: skip
BOOKS = (
    Column("plugin"), Column("symbol", show=lambda row: row["symbol"] or "all"),
    Column("book", show=lambda row: row["book"] or "-"), *map(Column, ("trades", "wins", "losses")),
    Column("win %", "win_rate"), *map(Column, ("pips", "money")), Column("factor", "profit_factor"),
    Column("drawdown", "max_drawdown"), *map(Column, ("open", "floating")), Column("refused", free=True),
)  # fmt: skip
PLUGINS = (
    *map(Column, ("id", "distribution", "version", "state", "enabled")), Column("shadow", "shadow_mode"),
    Column("alerts", free=True), Column("reason", free=True), Column("reports", free=True, show=_reports),
)  # fmt: skip
