CREATE TABLE plugin_info (
    plugin_id TEXT PRIMARY KEY NOT NULL,
    version TEXT,
    created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    last_started TEXT,
    total_runtime_hours REAL NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE trades (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    plugin_id TEXT NOT NULL,
    mt5_ticket INTEGER UNIQUE,
    symbol TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('BUY', 'SELL')),
    lot_size REAL NOT NULL,
    entry_price REAL NOT NULL,
    sl_price REAL,
    tp_price REAL,
    entry_time TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    exit_time TEXT,
    exit_price REAL,
    profit_pips REAL,
    profit_dollars REAL,
    commission REAL NOT NULL DEFAULT 0,
    swap REAL NOT NULL DEFAULT 0,
    status TEXT NOT NULL DEFAULT 'OPEN' CHECK (status IN ('OPEN', 'CLOSED', 'PARTIAL')),
    close_reason TEXT,
    signal_type TEXT,
    signal_data TEXT,
    logic_type TEXT,
    order_type TEXT CHECK (order_type IN ('ORDER_A', 'ORDER_B')),
    created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    migrated_from TEXT,
    migration_timestamp TEXT
) STRICT;
CREATE INDEX trades_status ON trades (status);
CREATE INDEX trades_symbol ON trades (symbol);
CREATE INDEX trades_entry_time ON trades (entry_time);
CREATE INDEX trades_migrated_from ON trades (migrated_from);
-- The sync reads what changed since it last looked.
CREATE INDEX trades_updated_at ON trades (updated_at);

CREATE TABLE daily_stats (
    date TEXT NOT NULL,
    plugin_id TEXT NOT NULL,
    total_trades INTEGER NOT NULL DEFAULT 0,
    winning_trades INTEGER NOT NULL DEFAULT 0,
    losing_trades INTEGER NOT NULL DEFAULT 0,
    total_profit_pips REAL NOT NULL DEFAULT 0,
    total_profit_dollars REAL NOT NULL DEFAULT 0,
    max_drawdown REAL NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (date, plugin_id)
) STRICT;

CREATE TABLE signals_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    plugin_id TEXT NOT NULL,
    alert_key TEXT,
    signal_type TEXT NOT NULL,
    symbol TEXT NOT NULL,
    direction TEXT,
    timeframe TEXT,
    raw_payload TEXT,
    processed INTEGER NOT NULL DEFAULT 0 CHECK (processed IN (0, 1)),
    result TEXT,
    received_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (alert_key, plugin_id)
) STRICT;
CREATE INDEX signals_log_received_at ON signals_log (received_at);

CREATE TABLE migration_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    migration_id TEXT,
    source_db TEXT NOT NULL,
    migration_type TEXT NOT NULL,
    records_migrated INTEGER NOT NULL DEFAULT 0,
    records_skipped INTEGER NOT NULL DEFAULT 0,
    records_failed INTEGER NOT NULL DEFAULT 0,
    started_at TEXT,
    completed_at TEXT,
    status TEXT,
    checksum TEXT,
    notes TEXT
) STRICT;

CREATE TABLE trend_pillars (
    symbol TEXT NOT NULL,
    timeframe TEXT NOT NULL CHECK (timeframe IN ('15m', '1h', '4h', '1d')),
    value INTEGER NOT NULL CHECK (value IN (-1, 0, 1)),
    mode TEXT NOT NULL DEFAULT 'AUTO' CHECK (mode IN ('AUTO', 'MANUAL')),
    last_updated TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    set_by TEXT,
    PRIMARY KEY (symbol, timeframe)
) STRICT;
