"""``api.risk``: sizes, stops by arithmetic, limits."""

import logging
from collections.abc import Callable

from zepix_core.config.risk import RiskRules
from zepix_core.errors import BadArgument
from zepix_core.model.market import SymbolInfo
from zepix_core.rules import stops
from zepix_core.rules.lots import lots_for_risk, normalise
from zepix_core.rules.pips import pips_between
from zepix_core.rules.tiers import fixed_lot, tier_for
from zepix_core.services import arguments
from zepix_core.services.calls import (
    Empty,
    LimitRequest,
    LimitState,
    RiskCheck,
    RiskCheckRequest,
    RiskRequest,
    RiskState,
    RiskVerdict,
)
from zepix_core.services.host_calls import HostCalls
from zepix_core.services.worker_market import Market

log = logging.getLogger(__name__)
DEFAULT_MIN, DEFAULT_STEP = 0.01, 0.01


class Risk:
    """Sizes and limits. Money is in account currency, percentages are percent (1.5 is 1.5 %).

    Args:
        rules: Gives the host's money settings as they are in force.
        max_lot_size: Gives the plugin's own cap in lots, ``None`` without one.
    """

    def __init__(
        self,
        calls: HostCalls,
        market: Market,
        rules: Callable[[], RiskRules],
        max_lot_size: Callable[[], float | None],
    ) -> None:
        self._calls = calls
        self._market = market
        self._rules = rules
        self._max_lot_size = max_lot_size

    async def state(self) -> RiskState:
        """Balance, equity, losses of the account and of this plugin, tier. What is unknown is ``None``."""
        state: RiskState = await self._calls.call("risk.state", Empty())
        return state

    async def check_daily_limit(self) -> LimitState:
        """The tighter of the account's and the plugin's daily loss limit; ``can_trade`` needs both open."""
        limit: LimitState = await self._calls.call("risk.limit", LimitRequest(which="daily"))
        return limit

    async def check_lifetime_limit(self) -> LimitState:
        """The account's limit on losses in all."""
        limit: LimitState = await self._calls.call("risk.limit", LimitRequest(which="lifetime"))
        return limit

    async def validate_trade_risk(self, symbol: str, lot_size: float, sl_pips: float) -> RiskVerdict:
        """Whether ``lot_size`` lots with a stop ``sl_pips`` pips away fit in the limits; if not, why, and
        the largest volume that does (``smart_lot``)."""
        request = RiskRequest(
            symbol=arguments.text("symbol", symbol),
            lot_size=arguments.number("lot_size", lot_size),
            sl_pips=arguments.number("sl_pips", sl_pips),
        )
        verdict: RiskVerdict = await self._calls.call("risk.validate", request)
        return verdict

    async def check_risk_limits(
        self, symbol: str, lot_size: float, direction: str | None = None
    ) -> RiskCheck:
        """Whether ``lot_size`` lots may be traded now: loss limits, volume, margin and side, each by itself.
        The distance of a stop is not part of it; `validate_trade_risk` asks for that.

        Raises:
            BadArgument: The volume is not a number, the direction is no side, or the symbol is not known.
        """
        request = RiskCheckRequest(
            symbol=arguments.text("symbol", symbol),
            lot_size=arguments.number("lot_size", lot_size),
            direction=None if direction is None else arguments.side(direction),
        )
        check: RiskCheck = await self._calls.call("risk.check", request)
        return check

    async def calculate_lot_size_async(
        self,
        symbol: str,
        risk_percentage: float,
        stop_loss_pips: float,
        account_balance: float | None = None,
    ) -> float:
        """Lots that lose ``risk_percentage`` percent of the balance at the stop, rounded down to a step,
        at least the minimum, at most the caps. Without a stop distance or a pip value: the tier's fixed
        lot, with a warning in the log. 0.0 when no balance is known: nothing may be opened then.

        Raises:
            BadArgument: The percentage is not in (0, 100], or a number is not finite.
        """
        percent = arguments.number("risk_percentage", risk_percentage, above=0.0)
        if percent > 100:
            raise BadArgument(f"risk_percentage must be at most 100, not {percent:g}.", "1.5 is 1.5 %.")
        distance = arguments.number("stop_loss_pips", stop_loss_pips)
        balance = await self._balance(account_balance)
        if balance is None:
            return 0.0
        info = await self._market.get_symbol_info(symbol)
        if info is None or distance <= 0 or info.pip_value <= 0:
            missing = "stop distance" if distance <= 0 else "pip value"
            log.warning("%s has no %s to size by: the tier's fixed lots are taken", symbol, missing)
            return await self.get_fixed_lot_size(balance)
        return self._finished(lots_for_risk(balance, percent, distance, info.pip_value), info)

    async def get_fixed_lot_size(self, account_balance: float | None = None) -> float:
        """The fixed lots of the balance's tier; an override of the operator wins. 0.0 when no balance is
        known, or the tier has no lots."""
        balance = await self._balance(account_balance)
        if balance is None:
            return 0.0
        rules = self._rules()
        tier = tier_for(balance, rules.risk_tiers, rules.default_risk_tier)
        lots = None if tier is None else fixed_lot(tier, rules.fixed_lot_sizes, rules.manual_lot_overrides)
        return 0.0 if lots is None else self._finished(lots, None)

    async def fixed_money_sl(
        self, symbol: str, direction: str, entry_price: float, lot_size: float, money: float = 10.0
    ) -> float:
        """The stop at which ``lot_size`` lots lose ``money``, rounded to the symbol's digits.

        Raises:
            BadArgument: A number is not above 0, or the symbol is not known.
        """
        info = await self._info(symbol)
        return stops.fixed_money_sl(
            arguments.side(direction),
            arguments.number("entry_price", entry_price, above=0.0),
            arguments.number("lot_size", lot_size, above=0.0),
            info.pip_size,
            info.pip_value,
            info.digits,
            arguments.number("money", money, above=0.0),
        )

    async def calculate_sl_pips(self, symbol: str, entry: float, sl: float) -> float:
        """Distance of a stop from the entry in pips, one decimal.

        Raises:
            BadArgument: A price is not above 0, or the symbol is not known.
        """
        first = arguments.number("entry", entry, above=0.0)
        second = arguments.number("sl", sl, above=0.0)
        return pips_between(first, second, (await self._info(symbol)).pip_size)

    async def calculate_tp_pips(self, symbol: str, entry: float, tp: float) -> float:
        """Distance of a target from the entry in pips, as `calculate_sl_pips`."""
        return await self.calculate_sl_pips(symbol, entry, tp)

    async def calculate_atr_sl(
        self, symbol: str, direction: str, entry_price: float, atr_value: float, atr_multiplier: float = 1.5
    ) -> float:
        """Stop price ``atr_multiplier`` times the ATR (in price) away, rounded to the symbol's digits.

        Raises:
            BadArgument: A number is not above 0, or the symbol is not known.
        """
        return await self._atr(symbol, direction, entry_price, atr_value, atr_multiplier, -1)

    async def calculate_atr_tp(
        self, symbol: str, direction: str, entry_price: float, atr_value: float, atr_multiplier: float = 2.0
    ) -> float:
        """Target price ``atr_multiplier`` times the ATR away, as `calculate_atr_sl`."""
        return await self._atr(symbol, direction, entry_price, atr_value, atr_multiplier, 1)

    async def _atr(
        self, symbol: str, direction: str, entry: float, atr: float, multiplier: float, toward: int
    ) -> float:
        info = await self._info(symbol)
        return stops.atr_price(
            arguments.side(direction),
            arguments.number("entry_price", entry, above=0.0),
            arguments.number("atr_value", atr, above=0.0),
            arguments.number("atr_multiplier", multiplier, above=0.0),
            info.digits,
            toward,
        )

    async def _balance(self, given: float | None) -> float | None:
        if given is not None:
            return arguments.number("account_balance", given, least=0.0)
        return (await self.state()).balance

    async def _info(self, symbol: str) -> SymbolInfo:
        info = await self._market.get_symbol_info(symbol)
        if info is None:
            raise BadArgument(f"The symbol {symbol} is not configured.", "Add it under symbol_config.")
        return info

    def _finished(self, lots: float, info: SymbolInfo | None) -> float:
        """Whole steps between the minimum and the caps."""
        minimum, step, most = (
            (DEFAULT_MIN, DEFAULT_STEP, None)
            if info is None
            else (info.volume_min, info.volume_step, info.volume_max)
        )
        caps = (most, self._rules().risk_config.max_lot_size, self._max_lot_size())
        return normalise(lots, minimum, step, *caps).lots
