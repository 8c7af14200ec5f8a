"""What the API answers without changing anything."""

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import attrs
from litestar import MediaType, Response, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from zepix_core import __version__
from zepix_core.broker.paper.listing import paper_orders, paper_positions
from zepix_core.config.notify import least_by_channel
from zepix_core.errors import StorageError
from zepix_core.journal.books import held
from zepix_core.journal.comparison import compare, entry_kinds, period
from zepix_core.journal.latches import reached_limits
from zepix_core.journal.listing import list_alerts, list_orders, list_trades, open_trades
from zepix_core.journal.money import Figures, figures
from zepix_core.journal.notice_rows import list_notices
from zepix_core.journal.positions import join_positions
from zepix_core.journal.story import tell_any
from zepix_core.model.books import Held
from zepix_core.model.comparison import BookRow
from zepix_core.model.limits import LimitRow
from zepix_core.model.order import Book
from zepix_core.rules.trading_day import TradingDays, day_start_ns, parse_reset_time, trading_day
from zepix_core.storage.connection import open_reader
from zepix_core.web.rest.answers import DEFAULT_LIMIT, body, host_of, most
from zepix_core.web.view import HostView


@get("/health", media_type=MediaType.JSON)
async def health(state: State) -> Response[bytes]:
    """Whether alerts can be taken; no details."""
    ready = host_of(state).state().ready
    return Response(
        body({"ok": ready, "version": __version__}),
        status_code=200 if ready else 503,
        media_type=MediaType.JSON,
    )


@get("/status", media_type=MediaType.JSON)
async def status(state: State) -> bytes:
    """The host, its money and its plugins at a glance."""
    host = host_of(state)
    now = host.state()
    try:
        told, reached, waiting = await host.journal.read(partial(_money, host))
    except StorageError:
        # How the host stands is asked for most when its journal cannot be read.
        told, reached, waiting = Figures(), (), ()
    word = "paused" if now.paused or now.panic else "running"
    return body(
        {
            **attrs.asdict(now),
            "bot_status": word if now.ready else "not_ready",
            "home": str(host.home.path),
            **{name: value for name, value in attrs.asdict(told).items() if name != "plugins"},
            "figures": told.plugins,
            "limits": reached,
            "held": waiting,
            "channels": host.channels(),
            "plugins": host.plugin_rows(),
            "reports": host.reports(),
        }
    )


def _money(
    host: HostView, connection: sqlite3.Connection
) -> tuple[Figures, tuple[LimitRow, ...], tuple[Held, ...]]:
    """The figures, the limits that are reached, and what waits for a person, of one read."""
    reached = reached_limits(connection, host.clock.now_ns())
    return figures(connection, _day_start(host)), reached, held(connection)


@get("/limits", media_type=MediaType.JSON)
async def limits(state: State) -> bytes:
    """Every loss limit: how far it is used, and until when it holds."""
    return body(await host_of(state).limits())


def _day_start(host: HostView) -> int:
    from zoneinfo import ZoneInfo

    settings, zone = host.settings, ZoneInfo(host.settings.timezone)
    reset = parse_reset_time(settings.daily_reset_time)
    return day_start_ns(trading_day(host.clock.now_ns(), reset, zone), reset, zone)


@get("/alerts", media_type=MediaType.JSON)
async def alerts(state: State, limit: FromQuery[int] = DEFAULT_LIMIT) -> bytes:
    """The newest alerts, oldest first."""
    return body(await host_of(state).journal.read(partial(list_alerts, limit=most(limit))))


@get("/alerts/{name:str}/story", media_type=MediaType.JSON)
async def story(state: State, name: FromPath[str]) -> bytes:
    """The story of the alert with that id, own id or key, or of the order with that intent id."""
    told = await host_of(state).journal.read(partial(tell_any, name=name))
    if told is None:
        raise NotFoundException(f"There is no alert or order {name}.")
    return body(told)


@get("/notices", media_type=MediaType.JSON)
async def notices(state: State, limit: FromQuery[int] = DEFAULT_LIMIT) -> bytes:
    """The newest notices, oldest first, with what became of each."""
    host = host_of(state)
    least = least_by_channel(host.settings.notify)
    return body(await host.journal.read(partial(list_notices, limit=most(limit), least=least)))


@get("/orders", media_type=MediaType.JSON)
async def orders(state: State, limit: FromQuery[int] = DEFAULT_LIMIT) -> bytes:
    """The newest intents, oldest first."""
    return body(await host_of(state).journal.read(partial(list_orders, limit=most(limit))))


@get("/trades", media_type=MediaType.JSON)
async def trades(state: State, limit: FromQuery[int] = DEFAULT_LIMIT) -> bytes:
    """The newest positions of ours, oldest first."""
    return body(await host_of(state).journal.read(partial(list_trades, limit=most(limit))))


@get("/positions", media_type=MediaType.JSON)
async def positions(state: State) -> bytes:
    """Open positions as the broker says, both books."""
    host = host_of(state)
    live = await host.broker.positions(Book.LIVE)
    shadow = await host.broker.positions(Book.SHADOW)
    try:
        ours = await host.journal.read(open_trades)
    except StorageError:
        ours = ()
    return body(join_positions((*live, *shadow), ours))


@get("/account", media_type=MediaType.JSON)
async def account(state: State) -> bytes:
    """The account as the broker says."""
    return body(await host_of(state).broker.account())


@get("/plugins", media_type=MediaType.JSON)
async def plugins(state: State) -> bytes:
    """Every plugin known, with what it reports of itself."""
    host = host_of(state)
    reports = host.reports()
    return body(
        [
            {**attrs.asdict(row), "reports": [report for report in reports if report.plugin == row.id]}
            for row in host.plugin_rows()
        ]
    )


@get("/plugins/shadow", media_type=MediaType.JSON)
async def shadow_report(
    state: State,
    plugin: FromQuery[str | None] = None,
    since: FromQuery[str | None] = None,
    until: FromQuery[str | None] = None,
) -> bytes:
    """What plugins made in the live and in the shadow book over trading days."""
    host = host_of(state)
    rows = host.plugin_rows()
    if plugin is not None and plugin not in {row.id for row in rows}:
        raise NotFoundException(f"There is no plugin {plugin}.")
    days = TradingDays.named(host.settings.daily_reset_time, host.settings.timezone)
    since_ns, until_ns = period(days, since, until)
    held = [*await host.broker.positions(Book.LIVE), *await host.broker.positions(Book.SHADOW)]

    def work(connection: sqlite3.Connection) -> tuple[BookRow, ...]:
        return compare(
            connection,
            join_positions(held, open_trades(connection)),
            since_ns=since_ns,
            until_ns=until_ns,
            plugins=None if plugin is None else (plugin,),
            entries=entry_kinds((row.id, row.alerts) for row in rows),
        )

    return body(await _from(host.home.journal_db, work))


@get("/paper/orders", media_type=MediaType.JSON)
async def paper_order_rows(state: State, limit: FromQuery[int] = DEFAULT_LIMIT) -> bytes:
    """The paper broker's own orders."""
    return body(await _from(host_of(state).home.paper_db, partial(paper_orders, limit=most(limit))))


@get("/paper/positions", media_type=MediaType.JSON)
async def paper_position_rows(state: State) -> bytes:
    """The paper broker's own open positions."""
    return body(await _from(host_of(state).home.paper_db, paper_positions))


async def _from(file: Path, work: Callable[[sqlite3.Connection], Any]) -> Any:
    """What ``work`` reads through a connection of its own, however long it takes."""

    def read() -> Any:
        connection = open_reader(file)
        try:
            return work(connection)
        finally:
            connection.close()

    return await asyncio.to_thread(read)


READS = (
    health, status, limits, alerts, story, orders, trades, positions, account, plugins, paper_order_rows,
    paper_position_rows, shadow_report, notices,
)  # fmt: skip
