"""Which trend pulses a plugin needs and does not get: told in `zepix status` and `zepix doctor`."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from zepix_core import ServiceAPI, TrendPulseData
from zepix_plugins_v6.filters import DAILY_ROW, missing_row
from zepix_plugins_v6.rules import Rules

OLD = timedelta(hours=24)
EVERY = timedelta(hours=4)
WAKE = "pulses"
MOST_SYMBOLS = 20

_WEEK = timedelta(days=7)
_OPEN = timedelta(days=5)
# A Sunday at 22:00 UTC, when a week of the market begins.
_FIRST = datetime(2024, 1, 7, 22, 0, tzinfo=UTC)
_SYMBOLS = "SELECT DISTINCT symbol FROM market_trends ORDER BY symbol LIMIT ?"


@attrs.frozen(kw_only=True)
class Finding:
    """What is to be said of one pulse; no text: all is well."""

    name: str
    text: str = ""
    next: str = ""


def needed(rules: Rules) -> tuple[str, ...]:
    """Charts whose pulse the plugin's filters ask for, minutes as text; "" is any chart."""
    asked = {
        "tf_alignment": rules.profile.trend_row,
        "tf_alignment_1d": DAILY_ROW,
        "market_state": "",
        "pulse": "",
    }
    charts = (asked[code] for code in rules.profile.filters if code in asked and code in rules.required)
    return tuple(dict.fromkeys(charts))


def open_time(since: datetime, until: datetime) -> timedelta:
    """How much of the time between was open market: Sunday to Friday 22:00 UTC."""
    return max(timedelta(0), _opened(until) - _opened(since))


def _opened(at: datetime) -> timedelta:
    weeks, rest = divmod(at - _FIRST, _WEEK)
    return weeks * _OPEN + min(rest, _OPEN)


def look(rules: Rules, symbol: str, rows: Iterable[TrendPulseData], now: datetime) -> Iterator[Finding]:
    """The findings about one symbol, also those where all is well."""
    known = tuple(rows)
    for chart in needed(rules):
        name = _name(symbol, chart)
        mine = [row.last_updated for row in known if chart in ("", row.timeframe)]
        if not mine:
            text, _, hint = missing_row(symbol, chart).partition(": ")
            result = (
                "missing_trend_policy lets entries pass" if rules.allow_missing else "entries are refused"
            )
            yield Finding(name=name, text=f"{text}: {result}", next=f"{hint}.")
        elif open_time(max(mine), now) > OLD:
            yield Finding(
                name=name,
                text=f"the newest is of {max(mine):%Y-%m-%d %H:%M} UTC, and still permits trades",
                next="See whether the alert of that chart still runs in TradingView.",
            )
        else:
            yield Finding(name=name)


async def check(rules: Rules, api: ServiceAPI) -> None:
    """Report every pulse that is missing or old, and clear what is well again.

    A report ends by itself after the next look but one: nobody clears those of a symbol or a rule that went
    while the host was down.
    """
    until = _due(api.now()) + EVERY
    for symbol in await _symbols(rules, api):
        for found in look(rules, symbol, api.trend.pulse_rows(symbol), api.now()):
            hint = found.next if found.text else ""
            await api.report(found.name, found.text, level="warning", next=hint, until=until)


async def check_all(rules: Rules, api: ServiceAPI, before: frozenset[str]) -> frozenset[str]:
    """`check`, and clear what is not looked at any more.

    Args:
        before: What the last call returned.

    Returns:
        The names of what is looked at.
    """
    symbols = await _symbols(rules, api)
    now = frozenset(_name(symbol, chart) for symbol in symbols for chart in needed(rules))
    possible = {
        _name(symbol, chart) for symbol in symbols for chart in (rules.profile.trend_row, DAILY_ROW, "")
    }
    for name in sorted((before | possible) - now):
        await api.report(name, "")
    await check(rules, api)
    return now


async def check_later(rules: Rules, api: ServiceAPI) -> None:
    """Look again in some hours: a pulse that stops coming makes no noise. The hours are fixed, so that a
    restart asks for the same wake."""
    if needed(rules):
        due = _due(api.now())
        await api.clock.at(due, key=f"{WAKE}:{due:%Y%m%d%H}")


def _due(now: datetime) -> datetime:
    return _FIRST + ((now - _FIRST) // EVERY + 1) * EVERY


def _name(symbol: str, chart: str) -> str:
    return f"trend pulse {symbol} {chart or 'any chart'}"


async def _symbols(rules: Rules, api: ServiceAPI) -> tuple[str, ...]:
    """Those the plugin may trade; where that is all, those that ever had a pulse."""
    if rules.symbols:
        return tuple(sorted(rules.symbols))[:MOST_SYMBOLS]

    def read(connection: Any) -> tuple[str, ...]:
        return tuple(row[0] for row in connection.execute(_SYMBOLS, (MOST_SYMBOLS,)))

    return await api.db.read(read)
