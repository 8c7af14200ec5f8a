-- What profit chains, trailing stops and re-entries need to go on after a restart. Their filled orders have a
-- row in combined_v3_trades each, as every trade.

CREATE TABLE v3_profit_chains (
    chain_id TEXT PRIMARY KEY NOT NULL,
    trade_id INTEGER NOT NULL REFERENCES combined_v3_trades (id),
    symbol TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('BUY', 'SELL')),
    logic_route TEXT,
    level INTEGER NOT NULL DEFAULT 0 CHECK (level BETWEEN 0 AND 4),
    state TEXT NOT NULL CHECK (state IN ('ACTIVE', 'COMPLETED', 'STOPPED')),
    reason TEXT,
    started_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

CREATE INDEX v3_profit_chains_state ON v3_profit_chains (state);

CREATE TABLE v3_chain_orders (
    chain_id TEXT NOT NULL REFERENCES v3_profit_chains (chain_id),
    level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 4),
    slot INTEGER NOT NULL CHECK (slot BETWEEN 1 AND 16),
    trade_id INTEGER REFERENCES combined_v3_trades (id),
    ticket INTEGER UNIQUE,
    state TEXT NOT NULL
        CHECK (state IN ('PLANNED', 'OPEN', 'BOOKING', 'WON', 'LOST', 'EVEN', 'TAKEN', 'REFUSED')),
    lots REAL NOT NULL,
    entry_price REAL,
    tp_price REAL,
    tries INTEGER NOT NULL DEFAULT 0,
    waits INTEGER NOT NULL DEFAULT 0,
    deals TEXT,
    reason TEXT,
    watch TEXT,
    closed_at TEXT,
    PRIMARY KEY (chain_id, level, slot)
) STRICT;

CREATE INDEX v3_chain_orders_trade_id ON v3_chain_orders (trade_id);

CREATE TABLE v3_trailing_stops (
    ticket INTEGER PRIMARY KEY NOT NULL,
    trade_id INTEGER NOT NULL REFERENCES combined_v3_trades (id),
    leg TEXT NOT NULL CHECK (leg IN ('A', 'B')),
    symbol TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('BUY', 'SELL')),
    entry_price REAL NOT NULL,
    distance REAL NOT NULL,
    sl_price REAL NOT NULL,
    tp_price REAL,
    steps INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL CHECK (state IN ('OPEN', 'CLOSED')),
    watch TEXT,
    updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE v3_reentry_chains (
    chain_id TEXT PRIMARY KEY NOT NULL,
    trade_id INTEGER NOT NULL REFERENCES combined_v3_trades (id),
    symbol TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('BUY', 'SELL')),
    logic_route TEXT,
    mode TEXT NOT NULL CHECK (mode IN ('sl_hunt', 'tp_continuation')),
    level INTEGER NOT NULL DEFAULT 1,
    recoveries INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL CHECK (state IN ('WATCHING', 'PLANNED', 'OPEN', 'ENDED')),
    reason TEXT,
    distance REAL NOT NULL,
    stop_distance REAL NOT NULL,
    lots REAL NOT NULL,
    price REAL NOT NULL,
    not_before TEXT NOT NULL,
    deadline TEXT NOT NULL,
    ticket INTEGER,
    sl_price REAL,
    tries INTEGER NOT NULL DEFAULT 0,
    watch TEXT,
    timer TEXT,
    started_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

CREATE INDEX v3_reentry_chains_state ON v3_reentry_chains (state);

CREATE TABLE v3_reentry_orders (
    chain_id TEXT NOT NULL REFERENCES v3_reentry_chains (chain_id),
    level INTEGER NOT NULL,
    mode TEXT NOT NULL,
    trade_id INTEGER REFERENCES combined_v3_trades (id),
    ticket INTEGER UNIQUE,
    placed_at TEXT NOT NULL,
    closed_at TEXT,
    profit REAL,
    PRIMARY KEY (chain_id, level, mode)
) STRICT;

CREATE INDEX v3_reentry_orders_trade_id ON v3_reentry_orders (trade_id);
CREATE INDEX v3_reentry_orders_placed_at ON v3_reentry_orders (placed_at);
CREATE INDEX v3_reentry_orders_closed_at ON v3_reentry_orders (closed_at);

-- The last exit or reversal of a side: nothing grows any more from pairs whose alert came before it.
CREATE TABLE v3_sides_left (
    symbol TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('BUY', 'SELL')),
    signal_id INTEGER NOT NULL REFERENCES v3_signals_log (id),
    reason TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (symbol, direction)
) STRICT;

-- A day's figures are read at each change of a trade.
CREATE INDEX combined_v3_trades_order_a_exit
    ON combined_v3_trades (order_a_status, order_a_exit_time);
CREATE INDEX combined_v3_trades_order_b_exit
    ON combined_v3_trades (order_b_status, order_b_exit_time);
CREATE INDEX combined_v3_trades_status_exit
    ON combined_v3_trades (status, exit_time, total_profit_dollars);
