"""The double itself, and the module that stands for it in ``sys.modules``."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from zepix_core.testing.fake_mt5.constants import MT5, constants
from zepix_core.testing.fake_mt5.convenience import Convenience
from zepix_core.testing.fake_mt5.hands import Hands
from zepix_core.testing.fake_mt5.history_calls import HistoryCalls
from zepix_core.testing.fake_mt5.injection import Injection
from zepix_core.testing.fake_mt5.rate_calls import RateCalls
from zepix_core.testing.fake_mt5.terminal_calls import TerminalCalls

NAME = "MetaTrader5"
VERSION = "5.0.6231"
FUNCTIONS = (
    "initialize", "login", "shutdown", "version", "last_error", "terminal_info", "account_info",
    "symbols_total", "symbols_get", "symbol_info", "symbol_info_tick", "symbol_select",
    "market_book_add", "market_book_get", "market_book_release",
    "copy_rates_from", "copy_rates_from_pos", "copy_rates_range", "copy_ticks_from", "copy_ticks_range",
    "orders_total", "orders_get", "order_calc_margin", "order_calc_profit", "order_check", "order_send",
    "positions_total", "positions_get",
    "history_orders_total", "history_orders_get", "history_deals_total", "history_deals_get",
    "Buy", "Sell", "Close",
)  # fmt: skip


class FakeMT5(TerminalCalls, Convenience, RateCalls, HistoryCalls, Injection, Hands, MT5):
    """A MetaTrader 5 terminal and its broker in memory, behind the functions of the ``MetaTrader5`` module.

    It has all functions and constants of the real module; `module` has these and nothing else, and
    `installed` puts it where ``import MetaTrader5`` finds it. What else stands here is for the test: quotes,
    faults (`Injection`), and a person's hands (`Hands`). Nothing depends on the wall clock or on chance.

        with FakeMT5(margin_mode=FakeMT5.ACCOUNT_MARGIN_MODE_RETAIL_HEDGING).installed() as fake:
            import MetaTrader5 as mt5
            assert mt5.initialize()
            fake.push_quote("EURUSD", 1.0850, 1.0851)
            fake.lose_reply()

    Args:
        accounts: The broker's accounts; the terminal is logged in to the first one.
        symbols: What the broker trades, with their first prices; by default four pairs and gold.
        quotes: Other first prices: bid and ask by symbol.
        margin_mode: ``ACCOUNT_MARGIN_MODE_*`` for all accounts, in place of their own.
        server_offset: Seconds that the server's wall clock is ahead of UTC.
        clock: A clock that others move; by default a `VirtualClock` of its own.
        seed: Of the bars before the first quote.
        first_ticket: First number of orders, and of deals.
        comments: Comments beyond 31 characters: ``"reject"`` with -2, or ``"truncate"``.
        paths: Terminals that `initialize` finds; any other ``path`` gives -10003.
        history_bars: How many bars of each timeframe there are before the first quote.
    """

    @property
    def module(self) -> ModuleType:
        """The module: the real one's names, bound to this object."""
        made = ModuleType(NAME, "The double of MetaTrader5.")
        made.__dict__.update(constants())
        made.__dict__.update({name: getattr(self, name) for name in FUNCTIONS})
        made.__dict__.update(__version__=VERSION, __author__="Zepix")
        return made

    @contextmanager
    def installed(self) -> "Iterator[FakeMT5]":
        """Within the block ``import MetaTrader5`` gives the double; afterwards what was there before."""
        missing = object()
        before = sys.modules.get(NAME, missing)
        sys.modules[NAME] = self.module
        try:
            yield self
        finally:
            if isinstance(before, ModuleType):
                sys.modules[NAME] = before
            else:
                del sys.modules[NAME]
