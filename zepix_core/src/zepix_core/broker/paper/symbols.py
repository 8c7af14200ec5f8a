"""Symbols of the paper broker: the eleven it knows, the operator's words about them, and further ones."""

from collections.abc import Mapping

import attrs

from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.broker.symbol_settings import SymbolSettings
from zepix_core.errors import SettingsError
from zepix_core.model.market import SymbolInfo

STOPS_LEVEL = 10


@attrs.frozen(kw_only=True)
class PaperSymbol:
    """A symbol and how its synthetic price behaves.

    Attributes:
        start_bid: First price of a new account; 0.0: no price until an alert names one.
        spread_points: Ask - bid, in points.
        step_points: Standard deviation of the price after one second, in points.
    """

    info: SymbolInfo
    start_bid: float
    spread_points: int
    step_points: float


@attrs.frozen
class _Known:
    """``pip_value`` is money in US dollars of one pip on one lot."""

    digits: int
    pip_size: float
    pip_value: float
    contract_size: float
    min_sl_distance: float
    volatility: str
    start_bid: float
    spread_points: int
    step_points: float


KNOWN: Mapping[str, _Known] = {
    "EURUSD": _Known(5, 0.0001, 10.0, 100_000, 0.0005, "LOW", 1.16800, 8, 1.5),
    "GBPUSD": _Known(5, 0.0001, 10.0, 100_000, 0.0005, "MEDIUM", 1.26400, 10, 2.0),
    "AUDUSD": _Known(5, 0.0001, 10.0, 100_000, 0.0005, "MEDIUM", 0.65500, 9, 1.5),
    "NZDUSD": _Known(5, 0.0001, 10.0, 100_000, 0.0005, "MEDIUM", 0.60500, 12, 1.5),
    "USDCAD": _Known(5, 0.0001, 8.0, 100_000, 0.0005, "MEDIUM", 1.36000, 12, 1.8),
    "USDJPY": _Known(3, 0.01, 9.1, 100_000, 0.05, "MEDIUM", 148.200, 9, 2.2),
    "EURJPY": _Known(3, 0.01, 9.5, 100_000, 0.05, "HIGH", 160.800, 15, 2.8),
    "GBPJPY": _Known(3, 0.01, 9.0, 100_000, 0.05, "HIGH", 187.300, 20, 3.6),
    "AUDJPY": _Known(3, 0.01, 9.2, 100_000, 0.05, "HIGH", 97.100, 16, 2.2),
    "XAUUSD": _Known(2, 0.10, 10.0, 100, 0.10, "HIGH", 2035.00, 18, 7.0),
    "XAGUSD": _Known(3, 0.01, 50.0, 5_000, 0.02, "HIGH", 23.000, 25, 1.2),
}
SPREAD_CAPS: Mapping[str, float] = {"XAUUSD": 3.0}


def paper_symbols(
    settings: PaperSettings, overrides: Mapping[str, SymbolSettings]
) -> tuple[PaperSymbol, ...]:
    """Every symbol of the account: the known ones, and those that ``overrides`` name besides.

    Raises:
        SettingsError: Facts that contradict each other, or a currency without a rate; every fault at once.
    """
    symbols: list[PaperSymbol] = []
    faults: list[str] = []
    for name in [*KNOWN, *(n for n in overrides if n not in KNOWN)]:
        try:
            symbols.append(_symbol(name, settings, overrides.get(name, SymbolSettings())))
        except ValueError as error:
            faults.append(f"symbol_config.{name}: {error}")
    if faults:
        raise SettingsError(
            "The paper broker cannot use its symbols: " + "; ".join(faults) + ".", faults=tuple(faults)
        )
    return tuple(symbols)


def _symbol(name: str, settings: PaperSettings, said: SymbolSettings) -> PaperSymbol:
    known = KNOWN.get(name)
    base, quoted = (name[:3], name[3:6]) if len(name) == 6 and name.isalpha() else ("", settings.currency)
    digits = said.digits if said.digits is not None else known.digits if known else _digits(quoted)
    point = 10.0**-digits
    pip_size = said.pip_size or (known.pip_size if known else round(point * 10, 10))
    contract = said.contract_size or (known.contract_size if known else 100_000.0)
    low, high = said.min_lot or 0.01, said.max_lot or 50.0
    if low > high:
        raise ValueError(f"min_lot {low:g} is above max_lot {high:g}")
    info = SymbolInfo(
        name=name,
        digits=digits,
        point=point,
        pip_size=pip_size,
        pip_value=said.pip_value_per_std_lot
        or _pip_value(known, pip_size, contract, quoted, settings.currency),
        contract_size=contract,
        volume_min=low,
        volume_max=high,
        stops_level=STOPS_LEVEL,
        currency_base=base,
        currency_profit=quoted,
        min_sl_distance=said.min_sl_distance or (known.min_sl_distance if known else 0.0),
        max_spread_pips=said.max_spread_pips or SPREAD_CAPS.get(name),
        volatility=said.volatility or (known.volatility if known else "MEDIUM"),
        broker_name=name,
        always_open=settings.market_always_open or bool(said.always_open),
    )
    return _priced(info, known, settings)


def _priced(info: SymbolInfo, known: _Known | None, settings: PaperSettings) -> PaperSymbol:
    spread = settings.spread_pips.get(info.name)
    # Points of the known facts are points of their own digits.
    scale = 10.0 ** (info.digits - known.digits) if known else 1.0
    points = (known.spread_points if known else 10) * scale
    if spread is not None:
        points = spread * info.pip_size / info.point
    return PaperSymbol(
        info=info,
        start_bid=round(settings.start_prices.get(info.name, known.start_bid if known else 0.0), info.digits),
        spread_points=max(1, round(points)),
        step_points=(known.step_points if known else 2.0) * scale,
    )


def _digits(quoted: str) -> int:
    return 3 if quoted == "JPY" else 5


def _pip_value(known: _Known | None, pip_size: float, contract: float, quoted: str, account: str) -> float:
    """The sheet's fixed value, brought to another pip size, contract or account currency when it differs."""
    if known is None:
        return contract * pip_size * _dollars(quoted) / _dollars(account)
    scale = (pip_size / known.pip_size) * (contract / known.contract_size)
    return round(known.pip_value * scale / _dollars(account), 10)


def _dollars(currency: str) -> float:
    """US dollars for one unit of ``currency``, from the start prices."""
    if currency == "USD":
        return 1.0
    if (direct := KNOWN.get(f"{currency}USD")) is not None:
        return direct.start_bid
    if (inverse := KNOWN.get(f"USD{currency}")) is not None:
        return 1.0 / inverse.start_bid
    raise ValueError(f"no rate for {currency}; write pip_value_per_std_lot")
