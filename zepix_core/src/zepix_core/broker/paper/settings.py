"""Settings of the paper broker: the section ``paper``."""

import attrs

from zepix_core.model.setting import setting


@attrs.frozen(kw_only=True)
class PaperSettings:
    """The paper account and where its prices come from."""

    balance: float = setting(10_000.0, doc="Balance a new paper account starts with.", gt=0, restart=True)
    currency: str = setting("USD", doc="Account currency.", restart=True)
    leverage: int = setting(100, doc="Leverage: margin is contract value / leverage.", ge=1, restart=True)
    login: int = setting(1, doc="Number of the paper account.", ge=1, restart=True)
    seed: int = setting(1, doc="Seed of the synthetic prices and of injected faults.", ge=0, restart=True)
    tick_interval_seconds: float = setting(
        1.0, doc="Seconds between two synthetic ticks of a symbol.", ge=0.05, le=60.0, restart=True
    )
    prices: str = setting(
        "synthetic",
        doc="synthetic, or a tick file (.csv or .npz), relative to the home folder.",
        restart=True,
    )
    market_always_open: bool = setting(
        False, doc="Whether the market never closes (weekends, gold's daily hour).", restart=True
    )
    stop_out_percent: float = setting(
        50.0, doc="Margin level in percent below which positions are closed.", ge=0, le=100, restart=True
    )
    spread_pips: dict[str, float] = setting(
        factory=dict, doc="Spread by symbol, in pips, instead of a typical one.", restart=True
    )
    start_prices: dict[str, float] = setting(
        factory=dict,
        doc="First bid by symbol; a symbol without one waits for a price from an alert.",
        restart=True,
    )
