"""What an operator may say about one symbol: the section ``symbol_config.<SYMBOL>``."""

import attrs

from zepix_core.model.setting import setting


@attrs.frozen(kw_only=True)
class SymbolSettings:
    """Facts of one symbol that override the broker's; ``None`` leaves a fact as the broker has it."""

    pip_size: float | None = setting(None, doc="One pip, in price (gold 0.10).", gt=0)
    pip_value_per_std_lot: float | None = setting(
        None, doc="Money of one pip on 1.00 lot, in account currency.", gt=0
    )
    digits: int | None = setting(None, doc="Decimals of a price.", ge=0, le=10)
    contract_size: float | None = setting(None, doc="Units in 1.00 lot.", gt=0)
    min_sl_distance: float | None = setting(None, doc="Least distance of a stop, in price.", gt=0)
    min_lot: float | None = setting(None, doc="Smallest volume, in lots.", gt=0)
    max_lot: float | None = setting(None, doc="Largest volume, in lots.", gt=0)
    max_spread_pips: float | None = setting(None, doc="Widest spread for entries, in pips.", gt=0)
    volatility: str | None = setting(
        None, doc="Volatility class, picks a row of the risk table.", choices=("LOW", "MEDIUM", "HIGH")
    )
    always_open: bool | None = setting(
        None, doc="true: its market never closes, as that of crypto currencies."
    )
