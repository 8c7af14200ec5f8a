"""The module's functions about terminal and account."""

from typing import Any

from zepix_core.testing.fake_mt5.constants import MT5
from zepix_core.testing.fake_mt5.core import TERMINAL, Core, call, text, whole
from zepix_core.testing.fake_mt5.money import account_info
from zepix_core.testing.fake_mt5.refusals import CallFailed
from zepix_core.testing.fake_mt5.structures import AccountInfo, TerminalInfo

BUILD = 6199
RELEASED = "16 Sep 2026"
PING_US = 42_000
KEYWORDS = frozenset({"login", "password", "server", "timeout", "portable"})


class TerminalCalls(Core):
    """Connect, log in, and what stands there."""

    @call(failure=False, alone=True)
    def initialize(self, *path: Any, **keywords: Any) -> bool:
        """Attach to the terminal and start it when it does not run: ``path`` is its only unnamed argument."""
        if len(path) > 1:
            raise CallFailed(MT5.RES_E_INVALID_PARAMS, "Invalid number of arguments")
        named = keywords.pop("path", None)
        where = text(path[0]) if path else named
        if where is not None and text(where, 'Invalid "path" argument') not in self._paths:
            raise CallFailed(
                MT5.RES_E_INTERNAL_FAIL_INIT, f"IPC initialize failed, Process create failed '{where}'"
            )
        _check(keywords)
        self._mine.attached = False
        if "login" in keywords:
            self._log_in(keywords["login"], keywords)
        self.terminal.alive = True
        self._mine.attached = True
        return True

    @call(failure=False)
    def login(self, *login: Any, **keywords: Any) -> bool:
        """Log the terminal in to another account; without a password it uses the one it has stored."""
        if len(login) > 1:
            raise CallFailed(MT5.RES_E_INVALID_PARAMS, "Invalid number of arguments")
        if login:
            keywords["login"] = whole(login[0], "Invalid 1st unnamed argument")
        _check(keywords)
        self._log_in(whole(keywords.get("login")), keywords)
        return True

    def _log_in(self, login: int, keywords: dict[str, Any]) -> None:
        ledger = self.broker.ledgers.get(login)
        account = ledger.account if ledger is not None else None
        if not self.terminal.connected:
            raise CallFailed(MT5.RES_E_INTERNAL_FAIL_TIMEOUT)
        if account is None or any(
            keywords.get(name) not in (None, value)
            for name, value in (("password", account.password), ("server", account.server))
        ):
            raise CallFailed(MT5.RES_E_AUTH_FAILED)
        self.terminal.login = login

    @call(alone=True)
    def shutdown(self) -> None:
        """Let go of the terminal; it runs on."""
        self._mine.attached = False

    @call()
    def version(self) -> tuple[int, int, str] | None:
        """Version, build and release date of the terminal."""
        return (500, BUILD, RELEASED)

    @call(alone=True)
    def last_error(self) -> tuple[int, str]:
        """Code and text of the last call; ``(1, 'Success')`` when it was fine."""
        return self._mine.error

    @call()
    def terminal_info(self) -> TerminalInfo | None:
        """The terminal as it stands."""
        state = self.terminal
        return TerminalInfo.of(
            connected=state.connected,
            trade_allowed=state.autotrading,
            tradeapi_disabled=state.api_disabled,
            build=BUILD,
            maxbars=100_000,
            codepage=0,
            ping_last=PING_US if state.connected else 0,
            company=self.ledger.account.company,
            name="MetaTrader 5",
            language="English",
            path=TERMINAL.rpartition("\\")[0],
            data_path=TERMINAL.rpartition("\\")[0],
            commondata_path=r"C:\ProgramData\MetaQuotes\Terminal\Common",
        )

    @call()
    def account_info(self) -> AccountInfo | None:
        """The account as it stands."""
        return account_info(self.market, self.ledger)


def _check(keywords: dict[str, Any]) -> None:
    kinds = {"login": int, "timeout": int, "portable": bool | int, "password": str, "server": str}
    for name, value in keywords.items():
        if name not in KEYWORDS:
            raise CallFailed(MT5.RES_E_INVALID_PARAMS, "Invalid arguments")
        if not isinstance(value, kinds[name]) or (name in ("login", "timeout") and isinstance(value, bool)):
            raise CallFailed(MT5.RES_E_INVALID_PARAMS, f'Invalid "{name}" argument')
