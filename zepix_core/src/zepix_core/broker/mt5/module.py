"""The one place where MetaTrader's own package is imported."""

import platform
import sys
from importlib import import_module
from typing import Any, Protocol

from zepix_core.errors import SettingsError

NAME = "MetaTrader5"
ELSEWHERE = 'use broker = "paper" here; run Zepix on Windows, beside the terminal; or put a bridge in between'


class Module(Protocol):
    """The functions that are called; each gives ``None`` or ``False`` when it failed."""

    def initialize(self, *args: Any, **named: Any) -> bool: ...

    def shutdown(self) -> None: ...

    def last_error(self) -> tuple[int, str]: ...

    def version(self) -> Any: ...

    def terminal_info(self) -> Any: ...

    def account_info(self) -> Any: ...

    def symbols_get(self) -> Any: ...

    def symbol_info(self, symbol: str) -> Any: ...

    def symbol_info_tick(self, symbol: str) -> Any: ...

    def symbol_select(self, symbol: str, enable: bool) -> bool: ...

    def copy_rates_from_pos(self, symbol: str, timeframe: int, start: int, count: int) -> Any: ...

    def positions_get(self, **named: Any) -> Any: ...

    def orders_get(self, **named: Any) -> Any: ...

    def history_deals_get(self, *args: Any, **named: Any) -> Any: ...

    def order_calc_margin(self, action: int, symbol: str, volume: float, price: float) -> Any: ...

    def order_calc_profit(
        self, action: int, symbol: str, volume: float, price_open: float, price_close: float
    ) -> Any: ...

    def order_send(self, request: dict[str, Any]) -> Any: ...


def load_module() -> Module:
    """The package ``MetaTrader5``.

    Raises:
        SettingsError: It is not installed; the message says whether it could be.
    """
    try:
        module: Module = import_module(NAME)
    except ImportError as error:
        raise SettingsError(*why_missing(str(error))) from error
    return module


def why_missing(reason: str) -> tuple[str, str]:
    """Why the package is not there, and what to do, each in a line."""
    if installable():
        return f"The package MetaTrader5 cannot be used: {reason}.", 'Run: pip install "zepix-core[mt5]"'
    system = platform.system() or sys.platform
    return (
        f"MetaTrader 5 trades from Windows only, and this is {system}.",
        f"{ELSEWHERE[0].upper()}{ELSEWHERE[1:]}.",
    )


def installable() -> bool:
    """True where its vendor offers a package: 64-bit Windows."""
    return sys.platform == "win32" and platform.machine().upper() in ("AMD64", "X86_64")
