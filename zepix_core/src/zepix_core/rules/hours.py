"""When a market is open.

Sunday 22:00 to Friday 22:00 UTC; metals are shut from 22:00 to 23:00 daily.
"""

from datetime import UTC, datetime, timedelta

from zepix_core.model.market import Side, SymbolInfo, TradeMode, TradingHours

SUNDAY_EVENING = timedelta(hours=22)
WEEK_OPENS = timedelta(days=6) + SUNDAY_EVENING  # after Monday 00:00
WEEK_LENGTH = timedelta(days=5)
DAILY_BREAK = timedelta(hours=1)
METALS = ("XAU", "XAG")
TRADABLE = frozenset({TradeMode.LONGONLY, TradeMode.SHORTONLY, TradeMode.FULL})

Session = tuple[datetime, datetime]


def trading_hours(symbol: str, at: datetime, always_open: bool = False) -> TradingHours:
    """The session at that moment and the one after it.

    A session holds its first moment and not its last. A market that never closes has no session times;
    a shut market has only the next start.

    Args:
        at: An aware datetime.
    """
    if always_open:
        return TradingHours(symbol=symbol, is_open=True)
    at = at.astimezone(UTC)
    following = [s for s in _sessions(symbol, at) if s[1] > at]
    start, end = following[0]
    if start <= at:
        return TradingHours(
            symbol=symbol,
            is_open=True,
            session_start=start,
            session_end=end,
            next_session_start=following[1][0],
        )
    return TradingHours(symbol=symbol, is_open=False, next_session_start=start)


def session_open(symbol: str, at: datetime, always_open: bool = False) -> bool:
    """True when the session of ``symbol`` is open at that moment."""
    if always_open:
        return True
    at = at.astimezone(UTC)
    since_sunday = timedelta(days=at.isoweekday() % 7, hours=at.hour, minutes=at.minute)
    into_week = since_sunday - SUNDAY_EVENING
    if not timedelta(0) <= into_week < WEEK_LENGTH:
        return False
    return not symbol.upper().startswith(METALS) or into_week % timedelta(days=1) >= DAILY_BREAK


def market_open(info: SymbolInfo, at: datetime) -> bool:
    """True when the broker lets one enter (in some direction) and the session is open."""
    return info.trade_mode in TRADABLE and session_open(info.name, at, info.always_open)


def side_allowed(mode: TradeMode, side: Side) -> bool:
    """True when an entry of that side is allowed by the symbol's trade mode."""
    if mode is TradeMode.LONGONLY:
        return side is Side.BUY
    if mode is TradeMode.SHORTONLY:
        return side is Side.SELL
    return mode is TradeMode.FULL


def _sessions(symbol: str, at: datetime) -> list[Session]:
    """Sessions of the trading weeks around ``at`` and of the one after, in order."""
    monday = datetime(at.year, at.month, at.day, tzinfo=UTC) - timedelta(days=at.weekday())
    weeks = [monday + WEEK_OPENS + timedelta(days=days) for days in (-7, 0, 7)]
    if not symbol.upper().startswith(METALS):
        return [(opens, opens + WEEK_LENGTH) for opens in weeks]
    days = [opens + timedelta(days=day) for opens in weeks for day in range(WEEK_LENGTH.days)]
    return [(day + DAILY_BREAK, day + timedelta(days=1)) for day in days]
