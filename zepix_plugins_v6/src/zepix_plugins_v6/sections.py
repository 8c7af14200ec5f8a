"""The sections of the four plugins' settings: every key, its default, its range and what it means.

A key whose doc says it is without effect is accepted because older files have it. Where the routing fixes
its value, any other value is refused.
"""

import attrs

from zepix_core import setting
from zepix_plugins_v6.checks import number_or_off, only

Threshold = float | str | None
"""A number, or nothing: ``None``, in TOML the text ``off``."""

_NO_EFFECT = "Accepted without effect"
_ADX = "ADX an entry needs (>=); off: not asked"
_SCORE = "Confidence score an entry needs (>=); off: not asked"
_STRENGTH = f"{_NO_EFFECT}: the ADX threshold says it"
_STRENGTHS = ("STRONG", "MODERATE", "WEAK", "NONE")
_PIPS = f"{_NO_EFFECT}: levels come from the alert; pips"
_A, _B = "Place order A; fixed by the routing", "Place order B; fixed by the routing"
_TARGET = "Target of the order; fixed by the routing"
_MULTIPLIER = "Factor of the base risk"
_RISK = "Risk of a trade in percent of the balance, before the factor"
_LOTS = "Most lots of a trade, a pair together"
_OPEN = "Most open trades; a pair is one trade"
_DAILY = "Most trades a trading day"
_LOSS = "Losses a day that stop entries, account currency"


@attrs.frozen(kw_only=True)
class EntryConditions:
    """What an entry must meet."""

    adx_threshold: Threshold = setting(None, doc=_ADX, ge=0, le=100, validator=number_or_off)
    confidence_threshold: Threshold = setting(60.0, doc=_SCORE, ge=0, le=100, validator=number_or_off)
    missing_trend_policy: str = setting(
        "reject",
        doc="An entry whose trend or momentum was never received: reject, or allow",
        choices=("reject", "allow"),
    )

    @property
    def spread_limit(self) -> Threshold:
        """Pips the spread must stay below, where a plugin asks for it."""
        return None

    @property
    def required(self) -> frozenset[str]:
        """Codes of the switchable filters that are on."""
        return frozenset()


@attrs.frozen(kw_only=True)
class ScalpingConditions(EntryConditions):
    """What an entry on 1 minute must meet."""

    adx_threshold: Threshold = setting(
        20.0, doc="ADX an entry must exceed (>); off: not asked", ge=0, le=100, validator=number_or_off
    )
    adx_strength_required: str = setting("MODERATE", doc=_STRENGTH, choices=_STRENGTHS)
    confidence_threshold: Threshold = setting(80.0, doc=_SCORE, ge=0, le=100, validator=number_or_off)
    max_spread_pips: Threshold = setting(
        2.0,
        doc="Spread an entry must stay below, in pips (<); off: not asked",
        gt=0,
        le=999,
        validator=number_or_off,
    )
    require_market_state_alignment: bool = setting(True, doc=_NO_EFFECT)

    @property
    def spread_limit(self) -> Threshold:
        """Pips the spread must stay below."""
        return self.max_spread_pips


@attrs.frozen(kw_only=True)
class MomentumConditions(EntryConditions):
    """What an entry on 5 minutes must meet."""

    adx_threshold: Threshold = setting(25.0, doc=_ADX, ge=0, le=100, validator=number_or_off)
    adx_strength_required: str = setting("STRONG", doc=_STRENGTH, choices=_STRENGTHS)
    confidence_threshold: Threshold = setting(70.0, doc=_SCORE, ge=0, le=100, validator=number_or_off)
    require_15m_alignment: bool = setting(True, doc="The 15-minute trend row must lean the trade's way")
    require_momentum_increasing: bool = setting(False, doc="The last momentum message must say increasing")

    @property
    def required(self) -> frozenset[str]:
        """Codes of the switchable filters that are on."""
        return _on(tf_alignment=self.require_15m_alignment, momentum=self.require_momentum_increasing)


@attrs.frozen(kw_only=True)
class IntradayConditions(EntryConditions):
    """What an entry on 15 minutes must meet."""

    require_market_state_match: bool = setting(True, doc="The market's state must name the trade's direction")
    require_pulse_alignment: bool = setting(True, doc="All trend rows together must lean the trade's way")

    @property
    def required(self) -> frozenset[str]:
        """Codes of the switchable filters that are on."""
        return _on(market_state=self.require_market_state_match, pulse=self.require_pulse_alignment)


@attrs.frozen(kw_only=True)
class SwingConditions(EntryConditions):
    """What an entry on 1 hour must meet."""

    require_4h_alignment: bool = setting(True, doc="The 240-minute trend row must lean the trade's way")
    require_1d_alignment: bool = setting(False, doc="The daily trend row must lean the trade's way")
    higher_tf_weight: float = setting(2.0, doc=_NO_EFFECT, gt=0)

    @property
    def required(self) -> frozenset[str]:
        """Codes of the switchable filters that are on."""
        return _on(tf_alignment=self.require_4h_alignment, tf_alignment_1d=self.require_1d_alignment)


def _on(**switches: bool) -> frozenset[str]:
    return frozenset(code for code, on in switches.items() if on)


@attrs.frozen(kw_only=True)
class OrderConfiguration:
    """Which orders an entry places. The routing fixes most of it."""

    @property
    def share_of_a(self) -> float:
        """Order A's part of the lots, where there is a pair."""
        return 0.5

    @property
    def extended_target(self) -> bool:
        """Whether TP3 may be the target."""
        return True


@attrs.frozen(kw_only=True)
class ScalpingOrders(OrderConfiguration):
    """Order B alone, at the first target."""

    use_order_a: bool = setting(False, doc=_A, validator=only(False))
    use_order_b: bool = setting(True, doc=_B, validator=only(True))
    target_level: str = setting("TP1", doc=_TARGET, validator=only("TP1"))
    quick_exit_enabled: bool = setting(
        True, doc="An exit message closes everything; fixed by the routing", validator=only(True)
    )


@attrs.frozen(kw_only=True)
class MomentumOrders(OrderConfiguration):
    """A pair with one stop: A at the second target, B at the first."""

    use_order_a: bool = setting(True, doc=_A, validator=only(True))
    use_order_b: bool = setting(True, doc=_B, validator=only(True))
    split_ratio: float = setting(0.5, doc="Share of order A in the lots", gt=0, lt=1)
    order_a_target: str = setting("TP2", doc=_TARGET, validator=only("TP2"))
    order_b_target: str = setting("TP1", doc=_TARGET, validator=only("TP1"))
    same_sl_for_both: bool = setting(
        True, doc="One stop for both orders; fixed by the routing", validator=only(True)
    )

    @property
    def share_of_a(self) -> float:
        """Order A's part of the lots."""
        return self.split_ratio


@attrs.frozen(kw_only=True)
class IntradayOrders(OrderConfiguration):
    """Order A alone, at the second target."""

    use_order_a: bool = setting(True, doc=_A, validator=only(True))
    use_order_b: bool = setting(False, doc=_B, validator=only(False))
    target_level: str = setting("TP2", doc=_TARGET, validator=only("TP2"))


@attrs.frozen(kw_only=True)
class SwingOrders(OrderConfiguration):
    """Order A alone, at the third target or the second."""

    use_order_a: bool = setting(True, doc=_A, validator=only(True))
    use_order_b: bool = setting(False, doc=_B, validator=only(False))
    target_level: str = setting(
        "TP2", doc=f"{_NO_EFFECT}: TP3 when sent and allowed, else TP2", choices=("TP2", "TP3")
    )
    extended_tp_enabled: bool = setting(True, doc="TP3 may be the target; false: TP2 only")

    def __attrs_post_init__(self) -> None:
        if self.target_level == "TP3" and not self.extended_tp_enabled:
            raise ValueError("target_level TP3 needs extended_tp_enabled")

    @property
    def extended_target(self) -> bool:
        """Whether TP3 may be the target."""
        return self.extended_tp_enabled


@attrs.frozen(kw_only=True)
class RiskManagement:
    """How large, and how many. The host enforces the caps."""

    risk_multiplier: float = setting(1.0, doc=_MULTIPLIER, ge=0.05, le=5)
    base_risk_percentage: float = setting(1.5, doc=_RISK, gt=0, le=10)
    max_lot_size: float = setting(0.20, doc=_LOTS, ge=0.01, le=50)
    max_open_trades: int = setting(4, doc=_OPEN, ge=1)
    max_daily_trades: int = setting(12, doc=_DAILY, ge=1)
    daily_loss_limit: float = setting(300.0, doc=_LOSS, gt=0)


@attrs.frozen(kw_only=True)
class ScalpingRisk(RiskManagement):
    """How large, and how many, on 1 minute. The host enforces the caps."""

    risk_multiplier: float = setting(0.5, doc=_MULTIPLIER, ge=0.05, le=5)
    base_risk_percentage: float = setting(1.0, doc=_RISK, gt=0, le=10)
    max_lot_size: float = setting(0.10, doc=_LOTS, ge=0.01, le=50)
    max_open_trades: int = setting(3, doc=_OPEN, ge=1)
    max_daily_trades: int = setting(20, doc=_DAILY, ge=1)
    daily_loss_limit: float = setting(200.0, doc=_LOSS, gt=0)


@attrs.frozen(kw_only=True)
class IntradayRisk(RiskManagement):
    """How large, and how many, on 15 minutes. The host enforces the caps."""

    max_lot_size: float = setting(0.25, doc=_LOTS, ge=0.01, le=50)
    max_open_trades: int = setting(3, doc=_OPEN, ge=1)
    max_daily_trades: int = setting(8, doc=_DAILY, ge=1)
    daily_loss_limit: float = setting(400.0, doc=_LOSS, gt=0)


@attrs.frozen(kw_only=True)
class SwingRisk(RiskManagement):
    """How large, and how many, on 1 hour. The host enforces the caps."""

    risk_multiplier: float = setting(0.6, doc=_MULTIPLIER, ge=0.05, le=5)
    base_risk_percentage: float = setting(2.0, doc=_RISK, gt=0, le=10)
    max_lot_size: float = setting(0.30, doc=_LOTS, ge=0.01, le=50)
    max_open_trades: int = setting(2, doc=_OPEN, ge=1)
    max_daily_trades: int = setting(5, doc=_DAILY, ge=1)
    daily_loss_limit: float = setting(500.0, doc=_LOSS, gt=0)


@attrs.frozen(kw_only=True)
class ScalpingPulse:
    """Without effect: this plugin does not look at the trend pulse."""

    enabled: bool = setting(True, doc=_NO_EFFECT)
    require_pulse_alignment: bool = setting(True, doc=_NO_EFFECT)
    min_bull_count_for_buy: int = setting(3, doc=_NO_EFFECT, ge=0, le=6)
    min_bear_count_for_sell: int = setting(3, doc=_NO_EFFECT, ge=0, le=6)


@attrs.frozen(kw_only=True)
class MomentumPulse:
    """Without effect: the entry conditions say which trends are asked."""

    enabled: bool = setting(True, doc=_NO_EFFECT)
    require_pulse_alignment: bool = setting(True, doc=_NO_EFFECT)


@attrs.frozen(kw_only=True)
class IntradayPulse(MomentumPulse):
    """Without effect: the entry conditions say which trends are asked."""

    check_bull_bear_ratio: bool = setting(True, doc=_NO_EFFECT)


@attrs.frozen(kw_only=True)
class SwingPulse:
    """Without effect: the entry conditions say which trends are asked."""

    enabled: bool = setting(False, doc=_NO_EFFECT)
    use_traditional_tf_trends: bool = setting(True, doc=_NO_EFFECT)

    def __attrs_post_init__(self) -> None:
        if not self.enabled and not self.use_traditional_tf_trends:
            raise ValueError("use_traditional_tf_trends must be true while the pulse is not enabled")


@attrs.frozen(kw_only=True)
class ScalpingExits:
    """Without effect: levels come from the alert, and an exit message ends the trade."""

    tp1_pips: float = setting(10.0, doc=_PIPS, gt=0)
    sl_pips: float = setting(15.0, doc=_PIPS, gt=0)
    use_trailing_stop: bool = setting(False, doc=_NO_EFFECT)
    max_hold_time_minutes: int = setting(15, doc=f"{_NO_EFFECT}; minutes, 0 off", ge=0)


@attrs.frozen(kw_only=True)
class MomentumExits:
    """What happens to order A once B reached its target."""

    tp1_pips: float = setting(15.0, doc=_PIPS, gt=0)
    tp2_pips: float = setting(30.0, doc=_PIPS, gt=0)
    move_to_breakeven_after_tp1: bool = setting(True, doc="Move A's stop to its entry when B hits TP1")
    breakeven_buffer_pips: float = setting(2.0, doc="Pips beyond A's entry", ge=0, le=1000)

    def __attrs_post_init__(self) -> None:
        if self.tp2_pips <= self.tp1_pips:
            raise ValueError(f"tp2_pips ({self.tp2_pips:g}) must be above tp1_pips ({self.tp1_pips:g})")
