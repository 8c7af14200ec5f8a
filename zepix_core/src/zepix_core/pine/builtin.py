"""What Pine's own names hold, and the placeholders that TradingView fills in."""

import re

from zepix_core.pine.near import nearest

NAMES = {
    "syminfo.ticker": "ticker",
    "syminfo.root": "ticker",
    "ticker": "ticker",
    "syminfo.tickerid": "tickerid",
    "tickerid": "tickerid",
    "syminfo.prefix": "word",
    "syminfo.currency": "word",
    "syminfo.basecurrency": "word",
    "syminfo.description": "word",
    "syminfo.type": "word",
    "timeframe.period": "timeframe",
    "period": "timeframe",
    **dict.fromkeys(("open", "high", "low", "close", "hl2", "hlc3", "ohlc4", "hlcc4"), "price"),
    **dict.fromkeys(("time", "time_tradingday", "last_bar_time"), "time"),
    **dict.fromkeys(("time_close", "timenow"), "now"),
    **dict.fromkeys(("volume", "bar_index", "last_bar_index", "strategy.equity"), "number"),
    **dict.fromkeys(("strategy.position_size", "strategy.position_avg_price", "syminfo.mintick"), "number"),
}
"""Pine's names to what they hold (see `zepix_core.pine.parts.Hole`)."""

RESULTS = {
    "str.tostring": "number",
    "str.format_time": "iso",
    "str.length": "number",
    "timestamp": "time",
    "time": "time",
    "time_close": "now",
    "input.source": "price",
    "input.price": "price",
    "input.float": "number",
    "input.int": "number",
    "input.symbol": "tickerid",
    "input.timeframe": "timeframe",
    "input.string": "unknown",
    "input.text_area": "unknown",
    "ticker.standard": "tickerid",
}
"""What a call of Pine's own functions gives."""

SAME = frozenset({"str.upper", "str.lower", "str.trim", "nz", "string", "fixnan", "float", "int"})
"""Functions whose result is of their argument's kind."""

_PLACEHOLDERS = {
    **dict.fromkeys(("ticker", "syminfo.ticker"), "ticker"),
    **dict.fromkeys(("open", "high", "low", "close", "strategy.order.price"), "price"),
    "time": "iso",
    "timenow": "iso_now",
    "interval": "timeframe",
    "exchange": "word",
    "syminfo.currency": "word",
    "syminfo.basecurrency": "word",
    "volume": "number",
    "strategy.position_size": "number",
    "strategy.market_position_size": "number",
    "strategy.prev_market_position_size": "number",
    "strategy.order.contracts": "number",
    "strategy.order.action": "unknown",
    "strategy.order.id": "unknown",
    "strategy.order.comment": "unknown",
    "strategy.order.alert_message": "unknown",
    "strategy.market_position": "unknown",
    "strategy.prev_market_position": "unknown",
}
PLACEHOLDER_SAMPLES = {
    "strategy.order.action": "buy",
    "strategy.market_position": "long",
    "strategy.prev_market_position": "flat",
}
_PLOT = re.compile(r'plot_(?:[0-9]|1[0-9])|plot\(\s*(?:"[^"]*"|\'[^\']*\')\s*\)')
PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")

INSTEAD = {
    "ticker": "syminfo.ticker",
    "exchange": "syminfo.prefix",
    "interval": "timeframe.period",
    "time": "str.tostring(time)",
    "timenow": "str.tostring(timenow)",
    **{name: f"str.tostring({name})" for name in ("open", "high", "low", "close", "volume")},
}
"""What to write inside ``alert()`` instead of a placeholder."""


def placeholder_hint(name: str, filled_in: bool) -> str:
    """What to do about a ``{{name}}`` that stays as it is.

    Args:
        filled_in: It stands where TradingView fills in those it knows.
    """
    if filled_in:
        meant = nearest(name, _PLACEHOLDERS)
        return (
            f"Is {{{{{meant}}}}} meant?"
            if meant
            else "TradingView knows {{ticker}}, {{interval}}, {{time}}, {{close}} and others."
        )
    instead = INSTEAD.get(name, "syminfo.ticker, str.tostring(close), …")
    box = "For an alert's message box, check the text with --box."
    return f"In a script write {instead} outside the quotes. {box}"


def placeholder_kind(name: str) -> str | None:
    """What TradingView puts in place of ``{{name}}`` where it does; ``None`` for a name it does not know."""
    name = name.strip()
    return "number" if _PLOT.fullmatch(name) else _PLACEHOLDERS.get(name)
