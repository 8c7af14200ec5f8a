"""The double's inner state, and how each of the module's functions is run."""

import functools
import inspect
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, ParamSpec, TypeVar, cast

import attrs

from zepix_core.clock import Clock
from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.fake_mt5.accounts import FakeAccount, Ledger
from zepix_core.testing.fake_mt5.constants import MT5
from zepix_core.testing.fake_mt5.faults import Faults
from zepix_core.testing.fake_mt5.orders import Terms, answer
from zepix_core.testing.fake_mt5.quotes import Market
from zepix_core.testing.fake_mt5.refusals import ERRORS, CallFailed, ConcurrentCalls, Refused
from zepix_core.testing.fake_mt5.server import TradeServer
from zepix_core.testing.fake_mt5.structures import TradeRequest
from zepix_core.testing.fake_mt5.symbols import FakeSymbol, usual_symbols
from zepix_core.testing.fake_mt5.triggers import expire, on_quote

TERMINAL = r"C:\Program Files\MetaTrader 5\terminal64.exe"
FIRST_TICKET = 50_000_001
POLL_SECONDS = 0.002

SUCCESS = (MT5.RES_S_OK, ERRORS[MT5.RES_S_OK])

P = ParamSpec("P")
R = TypeVar("R")


class Attachment:
    """The connection of one process to the terminal: the real module has one, and one call at a time.

    Attributes:
        attached: Whether `initialize` succeeded and nothing ended it.
        error: What `last_error` says.
    """

    def __init__(self) -> None:
        self.attached = False
        self.error = SUCCESS
        self._caller: tuple[int, int] | None = None
        self._lock = threading.Lock()

    @contextmanager
    def call(self, name: str) -> Iterator[None]:
        """Be the only call in progress, or a part of it.

        Raises:
            ConcurrentCalls: Another thread is.
        """
        me = threading.get_ident()
        with self._lock:
            owner, depth = self._caller or (me, 0)
            if owner != me:
                raise ConcurrentCalls(f"{name} was called while another thread's call is in progress")
            self._caller = (me, depth + 1)
        try:
            yield
        finally:
            with self._lock:
                self._caller = (me, depth) if depth else None


@attrs.define
class Terminal:
    """The terminal program as it stands on the screen.

    Attributes:
        login: Account it is logged in to. ``connected``: to the broker's server.
        autotrading: The button in its toolbar. ``api_disabled``: the switch in its options.
    """

    login: int
    alive: bool = True
    connected: bool = True
    autotrading: bool = True
    api_disabled: bool = False


class Core:
    """State of a `zepix_core.testing.fake_mt5.FakeMT5`. Its parameters are described there."""

    def __init__(
        self,
        *,
        accounts: Iterable[FakeAccount] = (),
        symbols: Iterable[FakeSymbol] = (),
        quotes: Mapping[str, tuple[float, float]] | None = None,
        margin_mode: int | None = None,
        server_offset: float = 0.0,
        clock: Clock | None = None,
        seed: int = 1,
        first_ticket: int = FIRST_TICKET,
        comments: Literal["reject", "truncate"] = "reject",
        paths: Iterable[str] = (TERMINAL,),
        history_bars: int = 500,
    ) -> None:
        held = tuple(accounts) or (FakeAccount(),)
        if margin_mode is not None:
            held = tuple(attrs.evolve(account, margin_mode=margin_mode) for account in held)
        self.clock: Clock = clock if clock is not None else VirtualClock()
        self.market = Market(self.clock, tuple(symbols) or usual_symbols(), server_offset)
        for symbol, (bid, ask) in (quotes or {}).items():
            self.market.quote(symbol, bid, ask)
        self.broker = TradeServer(self.market, held, first_ticket)
        self.terminal = Terminal(held[0].login)
        self.faults = Faults()
        self.seed = seed
        self.history_bars = history_bars
        self._truncate = comments == "truncate"
        self._paths = frozenset(paths)
        self._lock = threading.RLock()
        self._attachment = Attachment()
        self._processes = threading.local()
        self._home_thread = threading.get_ident()
        self._free = threading.Event()
        self._late: list[tuple[float, int, TradeRequest]] = []
        self._books: set[str] = set()
        self._request_id = 0

    @property
    def ledger(self) -> Ledger:
        """The books of the account that the terminal is logged in to."""
        return self.broker.ledgers[self.terminal.login]

    @property
    def _mine(self) -> Attachment:
        """The connection of the process that calls: this one, or the one whose calls this thread carries."""
        found: Attachment = getattr(self._processes, "attachment", self._attachment)
        return found

    @contextmanager
    def another_process(self) -> Iterator[None]:
        """Within the block this thread calls for a process of its own, with its own connection."""
        self._processes.attachment = Attachment()
        try:
            yield
        finally:
            del self._processes.attachment

    def _run(
        self,
        method: Callable[..., Any],
        signature: inspect.Signature,
        failure: Any,
        alone: bool,
        given: tuple[tuple[Any, ...], dict[str, Any]],
    ) -> Any:
        mine, name = self._mine, method.__name__
        with mine.call(name):
            self._take_time(name)
            with self._lock:
                self.settle()
                try:
                    self._reach(name, alone)
                    value = method(*_bound(signature, self, given), **given[1])
                except CallFailed as failed:
                    mine.error = (failed.code, str(failed))
                    return failure
                if name != "last_error":
                    mine.error = SUCCESS
                return value

    def _reach(self, name: str, alone: bool) -> None:
        if alone:
            return
        if not self._mine.attached or not self.terminal.alive:
            raise CallFailed(MT5.RES_E_INTERNAL_FAIL_CONNECT)
        if name != "order_send" and (code := self.faults.take("read", name)) is not None:
            raise CallFailed(code)

    def _take_time(self, name: str) -> None:
        if self.faults.take("hang", name):
            self._free.wait()
        seconds = self.faults.take("delay", name)
        if seconds is None:
            return
        advance = getattr(self.clock, "advance", None)
        if advance is not None and threading.get_ident() == self._home_thread:
            advance(seconds)
            return
        due = self.clock.monotonic() + seconds
        while self.clock.monotonic() < due and not self._free.is_set():
            self._free.wait(POLL_SECONDS)

    def push_quote(self, symbol: str, bid: float, ask: float = 0.0) -> bool:
        """Let a quote come and act: stops, targets, waiting orders, stop-out.

        Args:
            ask: 0.0 lays the symbol's spread on the bid.

        Returns:
            False when the session is closed: nothing has changed then.
        """
        with self._lock:
            self.settle()
            if not self.market.quote(symbol, bid, ask):
                return False
            on_quote(self.broker, symbol)
            return True

    def settle(self) -> None:
        """Do what has become due at the broker: late requests and expiry."""
        now = self.clock.monotonic()
        due = [late for late in self._late if late[0] <= now]
        for late in due:
            self._late.remove(late)
            self._execute_late(late[1], late[2])
        expire(self.broker)

    def _execute_late(self, login: int, request: TradeRequest) -> None:
        try:
            answer(self.broker, self.broker.ledgers[login], request, Terms())
        except Refused:
            return  # nobody is there to be told


def _bound(
    signature: inspect.Signature, core: Core, given: tuple[tuple[Any, ...], dict[str, Any]]
) -> tuple[Any, ...]:
    try:
        signature.bind(core, *given[0], **given[1])
    except TypeError as error:
        raise CallFailed(MT5.RES_E_INVALID_PARAMS, "Invalid arguments") from error
    return (core, *given[0])


def call(*, failure: Any = None, alone: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a method one of the module's functions: one at a time, errors as values and `last_error`.

    Args:
        failure: What it returns when it fails.
        alone: It needs no terminal.
    """

    def decorate(method: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(method)

        @functools.wraps(method)
        def run(*args: P.args, **keywords: P.kwargs) -> R:
            core = cast("Core", args[0])
            return cast("R", core._run(method, signature, failure, alone, (args[1:], dict(keywords))))

        return run

    return decorate


def text(value: Any, which: str = "Invalid 1st unnamed argument") -> str:
    """``value`` when it is text; otherwise the call fails with -2."""
    if not isinstance(value, str):
        raise CallFailed(MT5.RES_E_INVALID_PARAMS, which)
    return value


def number(value: Any, which: str = "Invalid arguments") -> float:
    """``value`` when it is a number; otherwise the call fails with -2."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CallFailed(MT5.RES_E_INVALID_PARAMS, which)
    return float(value)


def whole(value: Any, which: str = "Invalid arguments") -> int:
    """``value`` when it is an integer; otherwise the call fails with -2."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise CallFailed(MT5.RES_E_INVALID_PARAMS, which)
    return value


def reject_unnamed(unnamed: tuple[Any, ...]) -> None:
    """Fail the call, as the compiled module does, when a keyword-only argument came without its name."""
    if unnamed:
        raise CallFailed(MT5.RES_E_INVALID_PARAMS, "Unnamed arguments not allowed")
