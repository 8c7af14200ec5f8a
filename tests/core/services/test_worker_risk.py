"""Sizes as a plugin asks for them, where the arithmetic has nothing to go by."""

from typing import Any

import pytest

from zepix_core.model.market import SymbolInfo
from zepix_core.services.calls import CALLS, RiskState
from zepix_core.services.host_view import view_of
from zepix_core.services.worker_market import Market
from zepix_core.services.worker_risk import Risk
from zepix_core.wire.codec import through

GOLD = SymbolInfo(name="XAUUSD", digits=2, point=0.01, pip_size=0.1, pip_value=10.0, contract_size=100.0)


class Host:
    """Knows a balance and one symbol."""

    in_alert, alert_key, alert_received = True, "a", None

    async def call(self, name: str, payload: Any) -> Any:
        if name == "market.symbol":
            return through(GOLD if payload.symbol == "XAUUSD" else None, CALLS[name][1])
        return RiskState(
            balance=10_000.0, equity=None, margin_free=None, daily_loss=None, lifetime_loss=None,
            plugin_daily_loss=None, tier="10000",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("symbol", "pips", "missing"), [("XAUUSD", 0.0, "stop distance"), ("NOSUCH", 50.0, "pip value")]
)
async def test_without_a_distance_or_a_pip_value_the_fixed_lots_are_taken_with_a_warning(
    symbol: str, pips: float, missing: str, caplog: pytest.LogCaptureFixture
) -> None:
    host, rules = Host(), view_of({}).rules
    risk = Risk(host, Market(host, lambda: 0.0), lambda: rules, lambda: None)
    assert await risk.calculate_lot_size_async(symbol, 1.0, pips) == 0.05
    (record,) = caplog.records
    assert (record.levelname, symbol in record.getMessage(), missing in record.getMessage()) == (
        "WARNING",
        True,
        True,
    )
