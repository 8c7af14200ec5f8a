-- Times are UTC text 'YYYY-MM-DD HH:MM:SS'; money and prices are numbers, to be added up as decimals.

CREATE TABLE price_action_1m_trades (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    order_b_ticket INTEGER UNIQUE,
    symbol TEXT NOT NULL,
    direction TEXT CHECK (direction IN ('BUY', 'SELL')),
    lot_size REAL NOT NULL,
    entry_price REAL NOT NULL,
    sl_price REAL,
    tp_price REAL,
    entry_time TEXT DEFAULT CURRENT_TIMESTAMP,
    exit_time TEXT,
    exit_price REAL,
    status TEXT DEFAULT 'OPEN' CHECK (status IN ('OPEN', 'CLOSED')),
    adx REAL,
    adx_strength TEXT,
    confidence_score INTEGER,
    confidence_level TEXT,
    spread_pips REAL,
    market_state TEXT,
    profit_pips REAL,
    profit_dollars REAL,
    close_reason TEXT,
    execution_speed_ms INTEGER,
    slippage_pips REAL,
    notes TEXT,
    updated_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) STRICT;

CREATE INDEX price_action_1m_trades_status ON price_action_1m_trades (status);
CREATE INDEX price_action_1m_trades_exit_time ON price_action_1m_trades (exit_time);
CREATE INDEX price_action_1m_trades_symbol ON price_action_1m_trades (symbol);
CREATE INDEX price_action_1m_trades_entry_time ON price_action_1m_trades (entry_time);
CREATE INDEX price_action_1m_trades_updated_at ON price_action_1m_trades (updated_at, id);

CREATE TABLE price_action_5m_trades (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    order_a_ticket INTEGER UNIQUE,
    order_b_ticket INTEGER UNIQUE,
    symbol TEXT NOT NULL,
    direction TEXT CHECK (direction IN ('BUY', 'SELL')),
    entry_price REAL NOT NULL,
    entry_time TEXT DEFAULT CURRENT_TIMESTAMP,
    status TEXT DEFAULT 'OPEN' CHECK (status IN ('OPEN', 'PARTIAL', 'CLOSED')),
    adx REAL,
    adx_strength TEXT,
    confidence_score INTEGER,
    trend_15m_aligned INTEGER CHECK (trend_15m_aligned IN (0, 1)),
    momentum_increasing INTEGER CHECK (momentum_increasing IN (0, 1)),
    order_a_lot_size REAL,
    order_b_lot_size REAL,
    order_a_sl_price REAL,
    order_b_sl_price REAL,
    order_a_tp_price REAL,
    order_b_tp_price REAL,
    order_a_exit_price REAL,
    order_a_exit_time TEXT,
    order_a_profit_dollars REAL,
    order_a_status TEXT CHECK (order_a_status IN ('OPEN', 'CLOSED')),
    order_b_exit_price REAL,
    order_b_exit_time TEXT,
    order_b_profit_dollars REAL,
    order_b_status TEXT CHECK (order_b_status IN ('OPEN', 'CLOSED')),
    total_profit_dollars REAL,
    breakeven_moved INTEGER DEFAULT 0 CHECK (breakeven_moved IN (0, 1)),
    notes TEXT,
    updated_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) STRICT;

CREATE INDEX price_action_5m_trades_status ON price_action_5m_trades (status);
CREATE INDEX price_action_5m_trades_entry_time ON price_action_5m_trades (entry_time);
CREATE INDEX price_action_5m_trades_updated_at ON price_action_5m_trades (updated_at, id);

CREATE TABLE price_action_15m_trades (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    order_a_ticket INTEGER UNIQUE,
    symbol TEXT NOT NULL,
    direction TEXT CHECK (direction IN ('BUY', 'SELL')),
    lot_size REAL NOT NULL,
    entry_price REAL NOT NULL,
    sl_price REAL,
    tp_price REAL,
    entry_time TEXT DEFAULT CURRENT_TIMESTAMP,
    exit_time TEXT,
    status TEXT DEFAULT 'OPEN' CHECK (status IN ('OPEN', 'CLOSED')),
    adx REAL,
    confidence_score INTEGER,
    market_state TEXT,
    pulse_bull_count INTEGER,
    pulse_bear_count INTEGER,
    pulse_alignment_ok INTEGER CHECK (pulse_alignment_ok IN (0, 1)),
    exit_price REAL,
    profit_dollars REAL,
    close_reason TEXT,
    notes TEXT,
    updated_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) STRICT;

CREATE INDEX price_action_15m_trades_status ON price_action_15m_trades (status);
CREATE INDEX price_action_15m_trades_exit_time ON price_action_15m_trades (exit_time);
CREATE INDEX price_action_15m_trades_entry_time ON price_action_15m_trades (entry_time);
CREATE INDEX price_action_15m_trades_updated_at ON price_action_15m_trades (updated_at, id);

CREATE TABLE price_action_1h_trades (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    order_a_ticket INTEGER UNIQUE,
    symbol TEXT NOT NULL,
    direction TEXT CHECK (direction IN ('BUY', 'SELL')),
    lot_size REAL NOT NULL,
    entry_price REAL NOT NULL,
    sl_price REAL,
    tp_price REAL,
    entry_time TEXT DEFAULT CURRENT_TIMESTAMP,
    status TEXT DEFAULT 'OPEN' CHECK (status IN ('OPEN', 'CLOSED')),
    trend_4h INTEGER CHECK (trend_4h IN (-1, 0, 1)),
    trend_1d INTEGER CHECK (trend_1d IN (-1, 0, 1)),
    higher_tf_aligned INTEGER CHECK (higher_tf_aligned IN (0, 1)),
    confidence_score INTEGER,
    exit_price REAL,
    exit_time TEXT,
    profit_dollars REAL,
    close_reason TEXT,
    notes TEXT,
    updated_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) STRICT;

CREATE INDEX price_action_1h_trades_status ON price_action_1h_trades (status);
CREATE INDEX price_action_1h_trades_exit_time ON price_action_1h_trades (exit_time);
CREATE INDEX price_action_1h_trades_entry_time ON price_action_1h_trades (entry_time);
CREATE INDEX price_action_1h_trades_updated_at ON price_action_1h_trades (updated_at, id);

CREATE TABLE market_trends (
    symbol TEXT NOT NULL,
    timeframe TEXT NOT NULL,
    bull_count INTEGER NOT NULL DEFAULT 0,
    bear_count INTEGER NOT NULL DEFAULT 0,
    market_state TEXT,
    last_updated TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    changes TEXT,
    PRIMARY KEY (symbol, timeframe)
) STRICT;

CREATE INDEX market_trends_symbol ON market_trends (symbol);

CREATE TABLE v6_signals_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_time TEXT DEFAULT CURRENT_TIMESTAMP,
    signal_type TEXT NOT NULL,
    plugin_target TEXT,
    symbol TEXT NOT NULL,
    timeframe TEXT,
    adx REAL,
    confidence_score INTEGER,
    signal_json TEXT,
    processed INTEGER DEFAULT 0 CHECK (processed IN (0, 1)),
    trade_placed INTEGER DEFAULT 0 CHECK (trade_placed IN (0, 1)),
    trade_id INTEGER,
    skip_reason TEXT,
    alert_key TEXT UNIQUE
) STRICT;

CREATE INDEX v6_signals_log_received_time ON v6_signals_log (received_time);
CREATE INDEX v6_signals_log_target ON v6_signals_log (plugin_target, skip_reason) WHERE plugin_target IS NOT NULL;
CREATE INDEX v6_signals_log_momentum ON v6_signals_log (symbol, timeframe, id)
    WHERE signal_type = 'MOMENTUM_CHANGE';

CREATE TABLE v6_daily_stats (
    date TEXT PRIMARY KEY,
    plugin_1m_trades INTEGER DEFAULT 0,
    plugin_5m_trades INTEGER DEFAULT 0,
    plugin_15m_trades INTEGER DEFAULT 0,
    plugin_1h_trades INTEGER DEFAULT 0,
    total_profit_dollars REAL DEFAULT 0,
    trend_pulse_updates INTEGER DEFAULT 0,
    win_rate REAL DEFAULT 0
) STRICT;
