"""An account of the double as it is set up, and what stands in its books."""

import attrs

from zepix_core.testing.fake_mt5.constants import MT5
from zepix_core.testing.fake_mt5.records import DealRecord, OrderRecord, PositionRecord


@attrs.frozen(kw_only=True)
class FakeAccount:
    """One account at the double's broker.

    Attributes:
        login, password, server: What `initialize` and `login` compare with what they are given.
        balance: Money at the start, in ``currency``; it stands in the history as a balance deal.
        margin_mode: One of ``ACCOUNT_MARGIN_MODE_*``: hedging, or netting (0 and 1).
        so_mode: ``ACCOUNT_STOPOUT_MODE_*``: ``so_call`` and ``so_so`` are percent or money.
        trade_allowed: False for an investor's password (10017); ``trade_expert``: False when the server
            forbids programs (10026).
        limit_orders, limit_positions: Most working orders and positions, 0 for no limit.
        fifo_close: The oldest position of a symbol has to be closed first.
        hedge_prohibited: Opposite positions are refused with 10046.
    """

    login: int = 50_001_234
    password: str = "demo"  # noqa: S105 - an account that does not exist
    server: str = "Fake-Demo"
    balance: float = 10_000.0
    currency: str = "USD"
    currency_digits: int = 2
    leverage: int = 100
    trade_mode: int = MT5.ACCOUNT_TRADE_MODE_DEMO
    margin_mode: int = MT5.ACCOUNT_MARGIN_MODE_RETAIL_HEDGING
    so_mode: int = MT5.ACCOUNT_STOPOUT_MODE_PERCENT
    so_call: float = 100.0
    so_so: float = 50.0
    credit: float = 0.0
    trade_allowed: bool = True
    trade_expert: bool = True
    limit_orders: int = 200
    limit_positions: int = 0
    fifo_close: bool = False
    hedge_prohibited: bool = False
    name: str = "Test Trader"
    company: str = "Fake Broker Ltd"

    @property
    def hedging(self) -> bool:
        """Whether every entry is a position of its own."""
        return self.margin_mode == MT5.ACCOUNT_MARGIN_MODE_RETAIL_HEDGING


class Ledger:
    """The books of one account, as the broker keeps them; they outlive every terminal."""

    def __init__(self, account: FakeAccount) -> None:
        self.account = account
        self.balance = 0.0
        self.positions: dict[int, PositionRecord] = {}
        self.orders: dict[int, OrderRecord] = {}
        self.past_orders: list[OrderRecord] = []
        self.deals: list[DealRecord] = []

    def of_symbol(self, symbol: str) -> list[PositionRecord]:
        """The open positions of a symbol, the oldest first."""
        return [position for position in self.positions.values() if position.symbol == symbol]

    def settle(self, amount: float) -> None:
        """Add money to the balance."""
        self.balance = round(self.balance + amount, self.account.currency_digits)

    def archive(self, order: OrderRecord, state: int, time_msc: int) -> None:
        """Move an order to the history in its final state."""
        self.orders.pop(order.ticket, None)
        order.state = state
        order.time_done_msc = time_msc
        self.past_orders.append(order)
