"""The module's functions about symbols, ticks and the depth of market."""

from typing import Any

from zepix_core.testing.fake_mt5.constants import MT5
from zepix_core.testing.fake_mt5.core import Core, call, reject_unnamed, text
from zepix_core.testing.fake_mt5.groups import in_group
from zepix_core.testing.fake_mt5.refusals import CallFailed
from zepix_core.testing.fake_mt5.structures import BookInfo, SymbolInfo, Tick


class MarketCalls(Core):
    """Symbols and their newest prices."""

    @call()
    def symbols_total(self) -> int | None:
        """How many symbols the broker has."""
        return len(self.market.symbols)

    @call()
    def symbols_get(self, *unnamed: Any, group: str | None = None) -> tuple[SymbolInfo, ...] | None:
        """All symbols, or those of a group."""
        reject_unnamed(unnamed)
        mask = "*" if group is None else text(group, 'Invalid "group" argument')
        return tuple(self._info(name) for name in self.market.symbols if in_group(name, mask))

    @call()
    def symbol_info(self, symbol: str) -> SymbolInfo | None:
        """Facts of one symbol, whether or not it is in Market Watch."""
        return self._info(self._known(symbol))

    @call()
    def symbol_info_tick(self, symbol: str) -> Tick | None:
        """The newest tick of a symbol in Market Watch; its prices are zero before the first one came."""
        if self._known(symbol) not in self.market.selected:
            raise CallFailed(MT5.RES_E_NOT_FOUND)
        return self.market.seen(symbol).tick()

    @call(failure=False)
    def symbol_select(self, symbol: str, enable: bool = True) -> bool:
        """Show a symbol in Market Watch, or hide it; one with positions or orders stays."""
        name = self._known(symbol)
        if enable:
            self.market.selected.add(name)
            return True
        if self.ledger.of_symbol(name) or any(order.symbol == name for order in self.ledger.orders.values()):
            raise CallFailed(MT5.RES_E_FAIL)
        self.market.selected.discard(name)
        return True

    @call(failure=False)
    def market_book_add(self, symbol: str) -> bool:
        """Subscribe to the depth of market."""
        self._books.add(self._known(symbol))
        return True

    @call()
    def market_book_get(self, symbol: str) -> tuple[BookInfo, ...] | None:
        """The depth of market: the double has none, so a subscribed symbol's is empty."""
        if self._known(symbol) not in self._books:
            raise CallFailed(MT5.RES_E_FAIL)
        return ()

    @call(failure=False)
    def market_book_release(self, symbol: str) -> bool:
        """End the subscription."""
        if self._known(symbol) not in self._books:
            raise CallFailed(MT5.RES_E_FAIL)
        self._books.discard(symbol)
        return True

    def _known(self, symbol: Any) -> str:
        name = text(symbol)
        if name not in self.market.symbols:
            raise CallFailed(MT5.RES_E_NOT_FOUND)
        return name

    def _info(self, name: str) -> SymbolInfo:
        return self.market.info(name, self.ledger.account.currency)
