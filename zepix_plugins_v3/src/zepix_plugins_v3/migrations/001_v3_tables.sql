-- Times are UTC text 'YYYY-MM-DD HH:MM:SS'; money and prices are numbers, to be added up as decimals.

CREATE TABLE combined_v3_trades (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    order_a_ticket INTEGER UNIQUE,
    order_b_ticket INTEGER UNIQUE,
    mt5_parent_ticket INTEGER,
    symbol TEXT NOT NULL,
    direction TEXT CHECK (direction IN ('BUY', 'SELL')),
    entry_price REAL NOT NULL,
    entry_time TEXT DEFAULT CURRENT_TIMESTAMP,
    exit_time TEXT,
    status TEXT DEFAULT 'OPEN' CHECK (status IN ('OPEN', 'PARTIAL', 'CLOSED')),
    signal_type TEXT NOT NULL,
    signal_timeframe TEXT,
    consensus_score INTEGER CHECK (consensus_score BETWEEN 0 AND 9),
    position_multiplier REAL,
    mtf_15m INTEGER CHECK (mtf_15m IN (-1, 0, 1)),
    mtf_1h INTEGER CHECK (mtf_1h IN (-1, 0, 1)),
    mtf_4h INTEGER CHECK (mtf_4h IN (-1, 0, 1)),
    mtf_1d INTEGER CHECK (mtf_1d IN (-1, 0, 1)),
    mtf_raw_string TEXT,
    logic_route TEXT CHECK (logic_route IN ('LOGIC1', 'LOGIC2', 'LOGIC3')),
    logic_multiplier REAL,
    routing_reason TEXT,
    order_a_lot_size REAL,
    order_b_lot_size REAL,
    order_a_sl_price REAL,
    order_b_sl_price REAL,
    order_a_tp_price REAL,
    order_b_tp_price REAL,
    order_a_exit_price REAL,
    order_a_exit_time TEXT,
    order_a_profit_pips REAL,
    order_a_profit_dollars REAL,
    order_a_status TEXT CHECK (order_a_status IN ('OPEN', 'CLOSED')),
    order_b_exit_price REAL,
    order_b_exit_time TEXT,
    order_b_profit_pips REAL,
    order_b_profit_dollars REAL,
    order_b_status TEXT CHECK (order_b_status IN ('OPEN', 'CLOSED')),
    total_profit_pips REAL,
    total_profit_dollars REAL,
    commission REAL DEFAULT 0,
    swap REAL DEFAULT 0,
    trend_bypass_used INTEGER DEFAULT 0 CHECK (trend_bypass_used IN (0, 1)),
    is_entry_v3_signal INTEGER DEFAULT 0 CHECK (is_entry_v3_signal IN (0, 1)),
    close_reason TEXT,
    notes TEXT,
    updated_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) STRICT;

CREATE INDEX combined_v3_trades_status ON combined_v3_trades (status);
CREATE INDEX combined_v3_trades_symbol ON combined_v3_trades (symbol);
CREATE INDEX combined_v3_trades_signal_type ON combined_v3_trades (signal_type);
CREATE INDEX combined_v3_trades_logic_route ON combined_v3_trades (logic_route);
CREATE INDEX combined_v3_trades_entry_time ON combined_v3_trades (entry_time);
CREATE INDEX combined_v3_trades_exit_time ON combined_v3_trades (exit_time);
CREATE INDEX combined_v3_trades_updated_at ON combined_v3_trades (updated_at, id);

CREATE TABLE v3_profit_bookings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    trade_id INTEGER NOT NULL REFERENCES combined_v3_trades (id),
    order_type TEXT CHECK (order_type IN ('ORDER_A', 'ORDER_B')),
    booking_time TEXT DEFAULT CURRENT_TIMESTAMP,
    closed_percentage REAL NOT NULL,
    closed_volume REAL NOT NULL,
    profit_pips REAL,
    profit_dollars REAL,
    reason TEXT
) STRICT;

-- The share of what was open rises with every booking of equal volume, so no two bookings are equal here.
CREATE UNIQUE INDEX v3_profit_bookings_once
    ON v3_profit_bookings (trade_id, order_type, booking_time, closed_percentage, closed_volume);

CREATE TABLE v3_signals_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_time TEXT DEFAULT CURRENT_TIMESTAMP,
    signal_type TEXT NOT NULL,
    symbol TEXT NOT NULL,
    direction TEXT,
    timeframe TEXT,
    consensus_score INTEGER,
    mtf_raw_string TEXT,
    signal_json TEXT,
    processed INTEGER DEFAULT 0 CHECK (processed IN (0, 1)),
    trade_placed INTEGER DEFAULT 0 CHECK (trade_placed IN (0, 1)),
    trade_id INTEGER REFERENCES combined_v3_trades (id),
    skip_reason TEXT,
    alert_key TEXT UNIQUE
) STRICT;

CREATE INDEX v3_signals_log_received_time ON v3_signals_log (received_time);
CREATE INDEX v3_signals_log_trade_id ON v3_signals_log (trade_id);

CREATE TABLE v3_daily_stats (
    date TEXT PRIMARY KEY,
    total_dual_entries INTEGER DEFAULT 0,
    total_order_a_closed INTEGER DEFAULT 0,
    total_order_b_closed INTEGER DEFAULT 0,
    logic1_trades INTEGER DEFAULT 0,
    logic2_trades INTEGER DEFAULT 0,
    logic3_trades INTEGER DEFAULT 0,
    total_profit_dollars REAL DEFAULT 0,
    win_rate REAL DEFAULT 0,
    profit_factor REAL DEFAULT 0
) STRICT;
