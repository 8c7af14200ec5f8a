"""What a message changes for all plugins of the group, and the memory of messages: once for each message."""

import sqlite3
from datetime import datetime, timedelta

from zepix_core import Alert, ServiceAPI
from zepix_plugins_v6 import daily, store
from zepix_plugins_v6.alert import parse
from zepix_plugins_v6.decision import Body, V6Decision
from zepix_plugins_v6.duplicates import KEPT, Memory, is_duplicate
from zepix_plugins_v6.messages import StateChange, TrendPulse, V6Message
from zepix_plugins_v6.store import SignalRow

# A row of before arrivals were kept exactly: its message came up to this much later than it says.
_FRACTION = timedelta(seconds=1) - timedelta.resolution


async def log(alert: Alert, message: Body, api: ServiceAPI) -> SignalRow | None:
    """Note a message; the row it had already, if any."""
    return await api.db.run(lambda connection: store.log(connection, alert, message))


async def take_in(alert: Alert, decision: V6Decision, api: ServiceAPI) -> None:
    """Do what a decision says about the group's trends, and note that the message is handled."""
    message = decision.message
    if decision.row is not None and isinstance(message, TrendPulse | StateChange):
        await api.trend.update_trend_pulse(
            message.ticker,
            message.timeframe,
            message.bull,
            message.bear,
            message.state,
            message.changes if isinstance(message, TrendPulse) else None,
        )
    days = api.trading_days
    day = days.day_of(alert.received_at)

    def work(connection: sqlite3.Connection) -> None:
        store.handled(connection, alert.key, decision.skip_reason)
        if isinstance(message, TrendPulse):
            daily.count_pulses(connection, days, day)

    await api.db.run(work)


async def recall(memory: Memory, target: str | None, window: float, now: datetime, api: ServiceAPI) -> None:
    """Take messages of before the start into a memory: those for ``target``, ``None`` for the group's."""
    start = now - timedelta(seconds=window) - KEPT
    for row in await api.db.read(lambda connection: store.since(connection, start)):
        if row.target != target or not isinstance(parse(row.body), V6Message):
            continue
        age = memory.age(row.alert_key, row.received_at, row.body, window)
        repeated = is_duplicate(age, window) if not row.processed else row.skip_reason == store.NOT_TAKEN
        if not repeated:
            vague = timedelta(0) if row.exact else _FRACTION
            memory.take(row.alert_key, row.received_at, row.body, vague)
