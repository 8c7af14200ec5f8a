"""Tables of ``journal.db``: inbox, deliveries, intents, events, deals, wakes, outbox, state of the host.

Times are UTC nanoseconds. JSON columns hold text written by msgspec. ``user_version`` is `SCHEMA_VERSION`
once a program has opened the file; 0 stands for version 1, which wrote none.
"""

import sqlite3

SCHEMA_VERSION = 3
"""2: totals, limits that were reached and losses that were forgiven are kept by account.
3: what became of a notice stands by channel, in ``outbox_deliveries``; the chain has the view ``audit``."""

TABLES = """
CREATE TABLE IF NOT EXISTS inbox (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    token_id TEXT NOT NULL,
    external_id TEXT,
    received_ns INTEGER NOT NULL,
    kind TEXT NOT NULL,
    symbol TEXT,
    timeframe TEXT,
    price REAL,
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('new', 'claimed', 'done', 'refused', 'dead')),
    reason TEXT,
    tries INTEGER NOT NULL DEFAULT 0,
    boot TEXT,
    claimed_ns INTEGER,
    finished_ns INTEGER,
    duplicates INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS inbox_key ON inbox (key, received_ns);
CREATE INDEX IF NOT EXISTS inbox_open ON inbox (state, id) WHERE state IN ('new', 'claimed');

CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY,
    alert_id INTEGER NOT NULL REFERENCES inbox (id),
    plugin TEXT NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('new', 'claimed', 'acted', 'nothing', 'rejected', 'failed', 'expired')),
    reason TEXT,
    tries INTEGER NOT NULL DEFAULT 0,
    boot TEXT,
    started_ns INTEGER,
    finished_ns INTEGER,
    decision TEXT,
    UNIQUE (alert_id, plugin)
) STRICT;
CREATE INDEX IF NOT EXISTS deliveries_open ON deliveries (plugin, state) WHERE state IN ('new', 'claimed');

CREATE TABLE IF NOT EXISTS intents (
    intent_id TEXT PRIMARY KEY,
    alert_key TEXT NOT NULL,
    alert_id INTEGER,
    plugin TEXT NOT NULL,
    leg TEXT NOT NULL,
    account TEXT NOT NULL,
    book TEXT NOT NULL CHECK (book IN ('live', 'shadow')),
    action TEXT NOT NULL CHECK (action IN ('open', 'close', 'modify')),
    symbol TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('BUY', 'SELL')),
    lots REAL NOT NULL,
    price REAL NOT NULL DEFAULT 0,
    sl REAL NOT NULL DEFAULT 0,
    tp REAL NOT NULL DEFAULT 0,
    magic INTEGER NOT NULL,
    comment TEXT NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 1,
    retcode INTEGER NOT NULL DEFAULT 0,
    order_ticket INTEGER NOT NULL DEFAULT 0,
    deal_ticket INTEGER NOT NULL DEFAULT 0,
    position_id INTEGER NOT NULL DEFAULT 0,
    fill_price REAL NOT NULL DEFAULT 0,
    fill_lots REAL NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    label TEXT NOT NULL DEFAULT '',
    trade_group TEXT NOT NULL DEFAULT '',
    created_ns INTEGER NOT NULL,
    updated_ns INTEGER NOT NULL,
    sequence INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS intents_open ON intents (state) WHERE state IN
    ('planned', 'sending', 'placed', 'partly_filled', 'filled', 'unknown', 'adopted');
CREATE INDEX IF NOT EXISTS intents_position ON intents (position_id) WHERE position_id != 0;
CREATE INDEX IF NOT EXISTS intents_human ON intents (position_id) WHERE state = 'needs_human';
CREATE INDEX IF NOT EXISTS intents_foreign ON intents (position_id) WHERE state = 'foreign';
CREATE INDEX IF NOT EXISTS intents_order ON intents (order_ticket) WHERE order_ticket != 0;
CREATE INDEX IF NOT EXISTS intents_alert ON intents (alert_id);
CREATE INDEX IF NOT EXISTS intents_created ON intents (plugin, created_ns);

CREATE TABLE IF NOT EXISTS deals (
    ticket INTEGER NOT NULL,
    account TEXT NOT NULL,
    book TEXT NOT NULL,
    intent_id TEXT,
    plugin TEXT,
    position_id INTEGER NOT NULL,
    order_ticket INTEGER NOT NULL,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    entry TEXT NOT NULL CHECK (entry IN ('in', 'out')),
    volume REAL NOT NULL,
    price REAL NOT NULL,
    time_ns INTEGER NOT NULL,
    profit REAL NOT NULL,
    commission REAL NOT NULL,
    swap REAL NOT NULL,
    reason TEXT NOT NULL,
    magic INTEGER NOT NULL,
    comment TEXT NOT NULL,
    PRIMARY KEY (account, ticket)
) STRICT;
CREATE INDEX IF NOT EXISTS deals_position ON deals (position_id);
CREATE INDEX IF NOT EXISTS deals_time ON deals (time_ns);

CREATE TABLE IF NOT EXISTS totals (
    account TEXT NOT NULL,
    book TEXT NOT NULL,
    day_ns INTEGER NOT NULL,
    plugin TEXT NOT NULL,
    deals INTEGER NOT NULL,
    closes INTEGER NOT NULL,
    result INTEGER NOT NULL,
    lost INTEGER NOT NULL,
    PRIMARY KEY (account, book, day_ns, plugin)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS journal_events (
    seq INTEGER PRIMARY KEY,
    at_ns INTEGER NOT NULL,
    mono_ns INTEGER NOT NULL,
    kind TEXT NOT NULL,
    alert_id INTEGER,
    plugin TEXT,
    intent_id TEXT,
    payload TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS events_alert ON journal_events (alert_id) WHERE alert_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS events_intent ON journal_events (intent_id) WHERE intent_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS events_plugin ON journal_events (plugin, seq)
    WHERE kind IN ('trade_update', 'wake');

CREATE TABLE IF NOT EXISTS wakes (
    id INTEGER PRIMARY KEY,
    plugin TEXT NOT NULL,
    key TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'fired', 'cancelled')),
    symbol TEXT,
    quote TEXT CHECK (quote IN ('bid', 'ask')),
    direction TEXT CHECK (direction IN ('above', 'below')),
    level REAL,
    due_ns INTEGER,
    alert_id INTEGER,
    created_ns INTEGER NOT NULL,
    ended_ns INTEGER,
    price REAL,
    CHECK ((level IS NULL) != (due_ns IS NULL))
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS wakes_key ON wakes (plugin, key) WHERE state != 'cancelled';
CREATE INDEX IF NOT EXISTS wakes_waiting ON wakes (plugin) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS wakes_ended ON wakes (ended_ns) WHERE state IN ('fired', 'cancelled');

CREATE TABLE IF NOT EXISTS event_cursors (
    plugin TEXT PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY,
    created_ns INTEGER NOT NULL,
    type TEXT NOT NULL,
    priority INTEGER NOT NULL,
    plugin TEXT,
    symbol TEXT,
    alert_id INTEGER,
    key TEXT,
    text TEXT NOT NULL,
    data TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS outbox_key ON outbox (type, key, created_ns) WHERE key IS NOT NULL;

CREATE TABLE IF NOT EXISTS outbox_channels (
    channel TEXT PRIMARY KEY,
    cursor INTEGER NOT NULL,
    since_ns INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS outbox_deliveries (
    channel TEXT NOT NULL,
    notice_id INTEGER NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed', 'dropped', 'merged')),
    tries INTEGER NOT NULL DEFAULT 0,
    status INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    at_ns INTEGER NOT NULL,
    PRIMARY KEY (channel, notice_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS outbox_deliveries_notice ON outbox_deliveries (notice_id);

CREATE VIEW IF NOT EXISTS audit AS SELECT
    seq,
    strftime('%Y-%m-%dT%H:%M:%S', at_ns / 1000000000, 'unixepoch')
        || printf('.%03dZ', at_ns / 1000000 % 1000) AS at,
    kind, alert_id, plugin, intent_id, payload, lower(hex(hash)) AS hash
FROM journal_events;

CREATE TABLE IF NOT EXISTS host_state (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    updated_ns INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS plugin_numbers (
    plugin TEXT PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    tag TEXT NOT NULL UNIQUE
) STRICT;
"""


def has_old_outbox(connection: sqlite3.Connection) -> bool:
    """Whether notices carry a state of their own, as until version 2."""
    return any(row[1] == "state" for row in connection.execute("PRAGMA table_info(outbox)"))


def has_old_totals(connection: sqlite3.Connection) -> bool:
    """Whether the file has totals of version 1, which are of all accounts together."""
    columns = {row[1] for row in connection.execute("PRAGMA table_info(totals)")}
    return bool(columns) and "account" not in columns
