"""Margin, profit and the account's figures: contract times price by leverage, in the account's currency."""

from collections.abc import Callable

import attrs

from zepix_core.testing.fake_mt5.accounts import Ledger
from zepix_core.testing.fake_mt5.constants import MT5
from zepix_core.testing.fake_mt5.quotes import Market
from zepix_core.testing.fake_mt5.records import PositionRecord, sign
from zepix_core.testing.fake_mt5.structures import AccountInfo


@attrs.frozen(kw_only=True)
class Figures:
    """What an account is worth at the quotes; ``level`` is percent, 0.0 without any margin."""

    profit: float
    equity: float
    margin: float
    free: float
    level: float


def profit_of(market: Market, ledger: Ledger, symbol: str, kind: int, volume: float, *prices: float) -> float:
    """Money of a deal from the first price to the second."""
    facts = market.symbols[symbol]
    opened, closed = prices
    made = (closed - opened) * sign(kind) * facts.contract_size * volume
    rate = market.rate(facts.currency_profit, ledger.account.currency)
    return round(made * rate, ledger.account.currency_digits)


def margin_of(market: Market, ledger: Ledger, symbol: str, volume: float, price: float) -> float:
    """Money that a position binds."""
    facts = market.symbols[symbol]
    rate = market.rate(facts.currency_profit, ledger.account.currency)
    bound = facts.contract_size * volume * price * rate / ledger.account.leverage
    return round(bound, ledger.account.currency_digits)


def floating(market: Market, ledger: Ledger, position: PositionRecord) -> float:
    """Profit of an open position at the quotes."""
    price = market.quotes[position.symbol].closing(position.type)
    return profit_of(
        market, ledger, position.symbol, position.type, position.volume, position.price_open, price
    )


def figures(market: Market, ledger: Ledger) -> Figures:
    """Weigh an account."""
    digits = ledger.account.currency_digits
    held = ledger.positions.values()
    profit = round(sum(floating(market, ledger, position) for position in held), digits)
    swap = sum(position.swap for position in held)
    margin = sum(
        margin_of(market, ledger, position.symbol, position.volume, position.price_open) for position in held
    )
    equity = round(ledger.balance + ledger.account.credit + profit + swap, digits)
    return Figures(
        profit=profit,
        equity=equity,
        margin=round(margin, digits),
        free=round(equity - margin, digits),
        level=round(equity / margin * 100, 2) if margin else 0.0,
    )


def must_stop_out(market: Market, ledger: Ledger) -> bool:
    """Whether the account has come down to its stop-out."""
    now, account = figures(market, ledger), ledger.account
    if not now.margin:
        return False
    if account.so_mode == MT5.ACCOUNT_STOPOUT_MODE_MONEY:
        return now.equity <= account.so_so
    return now.level <= account.so_so


def worst(
    market: Market, ledger: Ledger, may_close: Callable[[PositionRecord], bool]
) -> PositionRecord | None:
    """The position with the largest loss of those that may be closed."""
    held = [position for position in ledger.positions.values() if may_close(position)]
    return min(held, key=lambda position: floating(market, ledger, position), default=None)


def account_info(market: Market, ledger: Ledger) -> AccountInfo:
    """The account as the module hands it out."""
    account, now = ledger.account, figures(market, ledger)
    return AccountInfo.of(
        login=account.login,
        trade_mode=account.trade_mode,
        leverage=account.leverage,
        limit_orders=account.limit_orders,
        margin_so_mode=account.so_mode,
        trade_allowed=account.trade_allowed,
        trade_expert=account.trade_expert,
        margin_mode=account.margin_mode,
        currency_digits=account.currency_digits,
        fifo_close=account.fifo_close,
        balance=ledger.balance,
        credit=account.credit,
        profit=now.profit,
        equity=now.equity,
        margin=now.margin,
        margin_free=now.free,
        margin_level=now.level,
        margin_so_call=account.so_call,
        margin_so_so=account.so_so,
        name=account.name,
        server=account.server,
        currency=account.currency,
        company=account.company,
    )
