"""One process's connection to a terminal: opened, verified, asked. Used on one thread only."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from zepix_core.broker.mt5.deal_log import DealLog
from zepix_core.broker.mt5.failures import FailureKind, LinkLost, failure_of, link_lost
from zepix_core.broker.mt5.memory import Memory
from zepix_core.broker.mt5.module import Module, load_module
from zepix_core.broker.mt5.names import Names, near_names
from zepix_core.broker.mt5.numbers import REAL, OrderType
from zepix_core.broker.mt5.server_time import Offsets, pinned
from zepix_core.broker.mt5.settings import CONNECT_SECONDS, Mt5Settings
from zepix_core.broker.mt5.snapshot import Snapshot
from zepix_core.broker.mt5.symbols import pip_facts, symbol_info, wanted_symbols
from zepix_core.broker.symbol_settings import SymbolSettings
from zepix_core.clock import Clock, moment
from zepix_core.errors import SettingsError
from zepix_core.model.market import SymbolInfo
from zepix_core.rules.hours import session_open

log = logging.getLogger(__name__)

BROKEN = -10000
"""From this code downwards the talk with the terminal itself failed."""


class Session:
    """What a gateway knows of its terminal between two calls.

    Attributes:
        names: Ours and the broker's names of symbols.
        offsets: The broker's clock against UTC.
        digits: Of each symbol served, by our name.
        held: What the account held at the last look, ``None`` before the first.
        deals: Which deals have been told.
    """

    def __init__(
        self,
        settings: Mt5Settings,
        symbols: Mapping[str, SymbolSettings],
        clock: Clock,
        *,
        memory: Path | None = None,
        live: bool = False,
        load: Callable[[], Module] = load_module,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.names = Names(settings.mapping)
        self.memory = Memory(memory, settings.server)
        self.digits: dict[str, int] = {}
        self.held: Snapshot | None = None
        self.deals = DealLog()
        hours = settings.offset_hours
        self.offsets: Offsets = self.memory.offsets if hours is None else pinned(hours)
        self._symbols = symbols
        self._live = live
        self._load = load
        self._module: Module | None = None

    @property
    def module(self) -> Module:
        """The module, imported when it is first needed.

        Raises:
            SettingsError: It is not installed here.
        """
        if self._module is None:
            self._module = self._load()
        return self._module

    def open(self, *, log_in: bool = True) -> Any:
        """Connect to the terminal, log in, and see that it is the account meant; the account's record.

        Args:
            log_in: False looks at the account that the terminal shows and changes nothing there.

        Raises:
            SettingsError: The login is refused, or it is a real account and ``live`` is not set.
            LinkLost: The terminal or the server is not there.
        """
        settings, module = self.settings, self.module
        module.shutdown()
        named: dict[str, Any] = {"login": settings.login, "server": settings.server} if log_in else {}
        if log_in and settings.password:
            named["password"] = settings.password
        started = module.initialize(
            *((settings.path,) if settings.path else ()),
            **named,
            timeout=int(CONNECT_SECONDS * 1000),
            portable=settings.portable,
        )
        if not started:
            code, text = module.last_error()
            failure = failure_of(code)
            if failure.kind is FailureKind.REFUSED:
                raise SettingsError(f"MetaTrader 5: {failure.meaning} ({code}, {text}).", failure.hint)
            raise link_lost("no connection", (code, text))
        return self.verify()

    def verify(self) -> Any:
        """See that the terminal is connected and logged in to our account; the account's record.

        Raises:
            SettingsError: It is a real account and ``live`` is not set.
            LinkLost: It is not.
        """
        terminal = self.need("terminal_info")
        if not terminal.connected:
            raise LinkLost(
                "MetaTrader 5: the terminal has no connection to the broker's server.",
                "It connects again by itself; look at the lower right corner of the terminal.",
                waits=True,
            )
        account, settings = self.need("account_info"), self.settings
        login, server = int(account.login), str(account.server)
        if (login, server.casefold()) != (settings.login, settings.server.casefold()):
            raise LinkLost(
                f"MetaTrader 5: the terminal is logged in to {login} on {server}, not to {settings.login} on "
                f"{settings.server}.",
                "Keep other accounts in a terminal of their own; it is logged in to ours again.",
            )
        if int(account.trade_mode) == REAL and not self._live:
            raise SettingsError(
                f"Account {login} on {server} is a REAL account, and live is not set.",
                "Set live = true in the host's file to trade real money; try a demo account first.",
            )
        return account

    def close(self) -> None:
        """Let go of the terminal; it goes on running."""
        if self._module is not None:
            self._module.shutdown()

    def need(self, name: str, *args: Any, **named: Any) -> Any:
        """What the module answers; no answer is never taken for an empty one.

        Raises:
            LinkLost: It gave ``None``.
        """
        answer = self._call(name, args, named)
        if answer is None:
            raise link_lost(name, self.module.last_error())
        return answer

    def maybe(self, name: str, *args: Any, **named: Any) -> Any:
        """What the module answers, ``None`` when it knows no such thing.

        Raises:
            LinkLost: The talk with the terminal failed.
        """
        answer = self._call(name, args, named)
        if answer is None:
            error = self.module.last_error()
            if error[0] <= BROKEN:
                raise link_lost(name, error)
        return answer

    def _call(self, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        try:
            return getattr(self.module, name)(*args, **named)
        except Exception as error:  # the module fails by its answers: whatever it raises is no answer
            raise LinkLost(f"MetaTrader 5: {name} failed: {type(error).__name__}: {error}.") from error

    def position(self, identifier: int) -> Any:
        """The record of an open position, whatever its ticket is by now; ``None`` when it is gone."""
        rows = self.need("positions_get")
        return next((row for row in rows if int(row.identifier) == identifier), None)

    def choose_symbols(self) -> tuple[SymbolInfo, ...]:
        """Put every symbol to be served into the Market Watch; what the host is told of them."""
        infos: list[SymbolInfo] = []
        for name in wanted_symbols(self._symbols, self.settings.mapping):
            theirs = self.names.theirs(name)
            row = self.maybe("symbol_info", theirs)
            if row is None or not self.module.symbol_select(theirs, True):
                self._say_missing(name, theirs)
                continue
            row = self.maybe("symbol_info", theirs) or row
            infos.append(self.facts(row, name))
            self.digits[name] = int(row.digits)
        return tuple(infos)

    def facts(self, row: Any, name: str) -> SymbolInfo:
        """What the host is told of a symbol; ``name`` is ours."""
        return symbol_info(row, name, self._symbols.get(name, SymbolSettings()), self._pip_value(row, name))

    def near(self, theirs: str) -> tuple[str, ...]:
        """Symbols of the broker that may be meant by a name it does not know."""
        return near_names(theirs, (str(row.name) for row in self.maybe("symbols_get") or ()))

    def is_open(self, name: str) -> bool:
        """The market of a symbol is open now; while it is shut the broker's clock stands still."""
        said = self._symbols.get(name)
        return session_open(name, moment(self.clock.now_ns()), said is not None and said.always_open is True)

    def _pip_value(self, row: Any, name: str) -> float | None:
        """Money of one pip on one lot as the terminal counts it, where the broker does not say it."""
        pip, silent = pip_facts(row, name, self._symbols)
        price = float(row.ask)
        if not silent or price <= 0:
            return None
        value = self.maybe("order_calc_profit", int(OrderType.BUY), str(row.name), 1.0, price, price + pip)
        return float(value) if value is not None and value > 0 else None

    def _say_missing(self, name: str, theirs: str) -> None:
        if name not in self._symbols and name not in self.settings.mapping:
            return  # one of the usual ones: who does not trade it need not hear of it
        near = self.near(theirs)
        meant = f"; did you mean {' or '.join(near)}?" if near else ""
        log.warning(
            "%s is not served: the broker has no symbol %s%s Set symbol_mapping.%s.",
            name, theirs, meant, name,
        )  # fmt: skip
