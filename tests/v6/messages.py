"""Messages and facts for the tests of the V6 plugins."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs

from zepix_core import MarketState, Side, TrendPulseData
from zepix_core.config.structure import structure
from zepix_plugins_v6.alert import parse
from zepix_plugins_v6.decide import decide
from zepix_plugins_v6.decision import V6Decision
from zepix_plugins_v6.facts import Facts, OwnPosition, SymbolFacts
from zepix_plugins_v6.messages import Entry
from zepix_plugins_v6.profiles import Profile
from zepix_plugins_v6.rules import Rules

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
GOLD, EURO = "XAUUSD", "EURUSD"
AT = datetime(2026, 1, 19, 10, 15, 7, tzinfo=UTC)
SYMBOLS = {
    "XAUUSD": SymbolFacts(digits=2, pip_size=D("0.10"), pip_value=D(10)),
    "EURUSD": SymbolFacts(digits=5, pip_size=D("0.0001"), pip_value=D(10), max_lot=D(100)),
    "USDJPY": SymbolFacts(digits=3, pip_size=D("0.01"), pip_value=D("9.1"), max_lot=D(100)),
}
PRICES = {"XAUUSD": D("2650.5"), "EURUSD": D("1.0852"), "USDJPY": D("154.213")}


def rules(profile: Profile, shipped: bool = False, **sections: Any) -> Rules:
    """Rules of a plugin; ``sections`` are tables of its settings."""
    plain = dict(profile.shipped["settings"]) if shipped else {}
    plain |= sections
    return Rules.of(structure({"shadow_mode": False, "settings": plain}, profile.config))


def entry_body(
    profile: Profile,
    side: Side = Side.BUY,
    *,
    symbol: str = "XAUUSD",
    price: Decimal | None = None,
    stop: str = "8.4",
    score: object = 90,
    adx: object = 30,
    tail: str | None = None,
) -> str:
    """An entry as the indicator sends it: targets at one, two and three times the stop's distance."""
    name = "BULLISH_ENTRY" if side is Side.BUY else "BEARISH_ENTRY"
    at = PRICES[symbol] if price is None else price
    levels = [at + side.sign * D(stop) * n for n in (-1, 1, 2, 3)]
    if tail is None:
        tail = "|".join(f"{level:f}" for level in levels) + "|5/1|TL_OK|"
    return f"{name}|{symbol}|{profile.timeframe}|{at:f}|{side}|HIGH|{score}|{adx}|STRONG|{tail}"


def entry(profile: Profile, side: Side = Side.BUY, **changes: Any) -> Entry:
    """The same, read."""
    message = parse(entry_body(profile, side, **changes))
    assert isinstance(message, Entry), message
    return message


def row(
    timeframe: str, bull: int, bear: int, state: str = "", symbol: str = "XAUUSD", at: datetime = AT
) -> TrendPulseData:
    """A trend row."""
    return TrendPulseData(
        symbol=symbol,
        timeframe=timeframe,
        bull_count=bull,
        bear_count=bear,
        market_state=MarketState(state or ("TRENDING_BULLISH" if bull > bear else "TRENDING_BEARISH")),
        changes="",
        last_updated=at,
    )


def rows(side: Side, symbol: str = "XAUUSD") -> tuple[TrendPulseData, ...]:
    """Rows of every timeframe that all lean one way."""
    bull, bear = (5, 1) if side is Side.BUY else (1, 5)
    return tuple(row(timeframe, bull, bear, symbol=symbol) for timeframe in ("5", "15", "60", "240", "1440"))


def facts(side: Side = Side.BUY, ticker: str = "XAUUSD", **changes: Any) -> Facts:
    """Facts with which an entry passes everywhere."""
    sound = Facts(
        received_at=AT,
        balance=D(5000),
        symbol=SYMBOLS[ticker],
        spread_pips=D("1.2"),
        rows=rows(side, ticker),
        momentum="INCREASING",
    )
    return attrs.evolve(sound, **changes)


def position(profile: Profile, ticket: int, volume: str, side: Side = Side.BUY, **more: Any) -> OwnPosition:
    """An open position of a plugin."""
    return OwnPosition(
        ticket=ticket,
        plugin=more.pop("plugin", profile.id),
        symbol=more.pop("symbol", "XAUUSD"),
        side=side,
        volume=D(volume),
        **more,
    )


def decided(body: str, profile: Profile, known: Facts, **sections: Any) -> V6Decision:
    """The decision about a body."""
    return decide(parse(body), known, rules(profile, **sections))
