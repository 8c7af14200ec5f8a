"""Sums and counts over the journal."""

import sqlite3

import attrs

_SUMS = (
    "SELECT coalesce(sum(profit + commission + swap), 0),"
    " coalesce(sum(CASE WHEN time_ns >= ? THEN profit + commission + swap END), 0)"
    " FROM deals WHERE book = 'live' AND intent_id IS NOT NULL"
)


@attrs.frozen(kw_only=True)
class Counts:
    """How many rows there are, by state."""

    alerts: dict[str, float]
    orders: dict[str, float]
    deals: int


def money_sums(connection: sqlite3.Connection, since_ns: int) -> tuple[float, float]:
    """What our live deals made in all and since that moment, account currency, costs included."""
    total, recent = connection.execute(_SUMS, (since_ns,)).fetchone()
    return round(total, 2), round(recent, 2)


def counts(connection: sqlite3.Connection) -> Counts:
    """Rows of inbox and intents by state, and deals."""
    alerts = dict(connection.execute("SELECT state, count(*) FROM inbox GROUP BY state"))
    orders = dict(connection.execute("SELECT state, count(*) FROM intents GROUP BY state"))
    deals = connection.execute("SELECT count(*) FROM deals").fetchone()[0]
    return Counts(alerts=alerts, orders=orders, deals=deals)
