"""Facts of a symbol: what the broker says, with the operator's word over it. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from zepix_core.broker.mt5.numbers import TRADE_MODES, OrderBit
from zepix_core.broker.mt5.stops import Room
from zepix_core.broker.mt5.volume import VolumeRules
from zepix_core.broker.paper.symbols import KNOWN, SPREAD_CAPS
from zepix_core.broker.symbol_settings import SymbolSettings
from zepix_core.model.market import SymbolInfo, Tick, TradeMode
from zepix_core.rules.pips import default_pip_size

METALS = ("XAU", "XAG", "GOLD", "SILVER")
LEAST_LOTS, MOST_LOTS, LOTS_STEP = 0.01, 50.0, 0.01


def wanted_symbols(said: Iterable[str], mapping: Iterable[str]) -> tuple[str, ...]:
    """Our names of every symbol to serve: the well-known ones, and those the operator speaks of."""
    return tuple(dict.fromkeys([*KNOWN, *said, *mapping]))


def pip_size_of(row: Any, name: str, said: SymbolSettings) -> float:
    """One pip in price."""
    if said.pip_size:
        return said.pip_size
    if name in KNOWN:
        return KNOWN[name].pip_size
    return default_pip_size(int(row.digits), float(row.point), name.upper().startswith(METALS))


def symbol_info(row: Any, name: str, said: SymbolSettings, counted_pip_value: float | None) -> SymbolInfo:
    """What the host is told of a symbol.

    The money of a pip is the operator's word, else the broker's, else what was counted, else the usual.

    Args:
        row: The module's record; ``name``: ours.
        counted_pip_value: Money of one pip on one lot as the terminal computes a profit.
    """
    known, pip_size = KNOWN.get(name), pip_size_of(row, name, said)
    tick_value, tick_size = float(row.trade_tick_value), float(row.trade_tick_size)
    told = tick_value * pip_size / tick_size if tick_value > 0 and tick_size > 0 else None
    rules = volume_rules(row, said)
    return SymbolInfo(
        name=name,
        digits=said.digits if said.digits is not None else int(row.digits),
        point=float(row.point),
        pip_size=pip_size,
        pip_value=round(
            said.pip_value_per_std_lot or told or counted_pip_value or (known.pip_value if known else 0.0), 10
        ),
        contract_size=said.contract_size or float(row.trade_contract_size),
        volume_min=rules.least,
        volume_max=rules.most,
        volume_step=rules.step,
        stops_level=int(row.trade_stops_level),
        freeze_level=int(row.trade_freeze_level),
        trade_mode=trade_mode(row),
        currency_base=str(row.currency_base),
        currency_profit=str(row.currency_profit),
        min_sl_distance=said.min_sl_distance or (known.min_sl_distance if known else 0.0),
        max_spread_pips=said.max_spread_pips or SPREAD_CAPS.get(name),
        volatility=said.volatility or (known.volatility if known else "MEDIUM"),
        broker_name=str(row.name),
        always_open=bool(said.always_open),
    )


def trade_mode(row: Any) -> TradeMode:
    """What may be done with the symbol; nothing, where it takes no market orders or no stops with them."""
    mode = int(row.trade_mode)
    needed = OrderBit.MARKET | OrderBit.SL
    if mode not in range(len(TRADE_MODES)) or int(row.order_mode) & needed != needed:
        return TradeMode.DISABLED
    return TradeMode(TRADE_MODES[mode])


def volume_rules(row: Any, said: SymbolSettings | None = None) -> VolumeRules:
    """Volumes the symbol takes; the operator may narrow what the broker allows, never widen it."""
    least, most = float(row.volume_min) or LEAST_LOTS, float(row.volume_max) or MOST_LOTS
    if said is not None:
        least, most = max(least, said.min_lot or 0.0), min(most, said.max_lot or most)
    return VolumeRules(
        least=least,
        most=most,
        step=float(row.volume_step) or LOTS_STEP,
        limit=float(row.volume_limit),
    )


def room_of(row: Any, tick: Tick) -> Room:
    """What the symbol asks of stops at this quote."""
    return Room(
        bid=tick.bid,
        ask=tick.ask,
        point=float(row.point),
        digits=int(row.digits),
        stops_level=int(row.trade_stops_level),
        freeze_level=int(row.trade_freeze_level),
    )


def pip_facts(row: Any, name: str, said: Mapping[str, SymbolSettings]) -> tuple[float, bool]:
    """One pip in price, and whether its money must be counted because nobody says it."""
    own = said.get(name, SymbolSettings())
    silent = not own.pip_value_per_std_lot and float(row.trade_tick_value) <= 0
    return pip_size_of(row, name, own), silent
