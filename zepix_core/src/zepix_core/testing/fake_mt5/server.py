"""The broker behind the double: its market, its accounts' books, its numbers. Terminals come and go."""

from collections.abc import Callable, Iterable

from zepix_core.testing.fake_mt5.accounts import FakeAccount, Ledger
from zepix_core.testing.fake_mt5.constants import MT5
from zepix_core.testing.fake_mt5.quotes import Market
from zepix_core.testing.fake_mt5.records import DealRecord, OrderRecord


class TradeServer:
    """Orders and deals are numbered apart and both count up, so that their numbers may well be equal."""

    def __init__(self, market: Market, accounts: Iterable[FakeAccount], first_ticket: int) -> None:
        self.market = market
        self.next_order = first_ticket
        self.next_deal = first_ticket
        self.rewrite: Callable[[str], str] = str
        self.ledgers = {account.login: Ledger(account) for account in accounts}
        for ledger in self.ledgers.values():
            self.pay(ledger, ledger.account.balance, "deposit")

    def pay(self, ledger: Ledger, amount: float, comment: str) -> None:
        """Write a balance deal; the money is in the balance afterwards."""
        paid = DealRecord(
            ticket=self.deal_number(),
            order=0,
            time_msc=self.market.now_msc(),
            type=MT5.DEAL_TYPE_BALANCE,
            reason=MT5.DEAL_REASON_CLIENT,
            profit=amount,
            comment=comment,
        )
        ledger.deals.append(paid)
        ledger.settle(amount)

    def order_number(self) -> int:
        """The next order's ticket."""
        self.next_order += 1
        return self.next_order - 1

    def deal_number(self) -> int:
        """The next deal's ticket."""
        self.next_deal += 1
        return self.next_deal - 1

    def new_order(self, symbol: str, kind: int, volume: float, **more: object) -> OrderRecord:
        """An order as it arrives; ``more`` are further fields of the record."""
        order = OrderRecord(
            ticket=self.order_number(),
            symbol=symbol,
            type=kind,
            volume=volume,
            left=volume,
            time_msc=self.market.now_msc(),
            **more,  # type: ignore[arg-type]
        )
        order.comment = self.rewrite(order.comment)
        return order
