"""A look at a terminal before it is traded with: everything a start needs, as plain facts."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from zepix_core.broker.mt5.filling import chosen
from zepix_core.broker.mt5.module import Module, load_module
from zepix_core.broker.mt5.rows import account_of, tick_of
from zepix_core.broker.mt5.server_time import Offsets
from zepix_core.broker.mt5.session import Session
from zepix_core.broker.mt5.settings import Mt5Settings
from zepix_core.broker.mt5.symbols import wanted_symbols
from zepix_core.broker.symbol_settings import SymbolSettings
from zepix_core.clock import NS, Clock
from zepix_core.errors import SettingsError, ZepixError
from zepix_core.model.account import AccountInfo
from zepix_core.model.market import SymbolInfo


@attrs.frozen(kw_only=True)
class SeenTerminal:
    """``ping_ms`` is the last round trip to the server."""

    version: str
    build: int
    connected: bool
    algo_trading: bool
    python_api: bool
    ping_ms: float


@attrs.frozen(kw_only=True)
class SeenSymbol:
    """One symbol.

    Attributes:
        theirs: The broker's name; ``near``: its names that may be meant when it has none such.
        filling: The policy that orders will ask for, ``""`` when there is none.
        age_seconds: Of the newest quote, ``None`` where the market is shut or the clock is not known.
        named: The operator speaks of it in the settings.
    """

    name: str
    theirs: str
    named: bool
    info: SymbolInfo | None = None
    near: tuple[str, ...] = ()
    filling: str = ""
    is_open: bool = False
    age_seconds: float | None = None


@attrs.frozen(kw_only=True)
class Seen:
    """What a look found; what it could not reach any more is ``None`` or empty.

    Attributes:
        package: Version of the module; ``double``: it is the one for tests.
        failure: What ended the look, ``None`` when nothing did.
        trade_allowed, trade_expert: Of the account: a person, and a program, may trade.
        fifo: The oldest position has to be closed first.
    """

    package: str = ""
    double: bool = False
    failure: ZepixError | None = None
    terminal: SeenTerminal | None = None
    account: AccountInfo | None = None
    trade_allowed: bool = True
    trade_expert: bool = True
    fifo: bool = False
    symbols: tuple[SeenSymbol, ...] = ()
    offsets: Offsets = attrs.field(factory=Offsets)


def inspect(
    settings: Mt5Settings,
    symbols: Mapping[str, SymbolSettings],
    clock: Clock,
    *,
    memory: Path | None,
    live: bool,
    log_in: bool,
    load: Callable[[], Module] = load_module,
) -> Seen:
    """Look at the terminal once, and let go of it.

    Args:
        log_in: False where a host trades there already: nothing is changed then.
    """
    try:
        module = load()
    except SettingsError as error:
        return Seen(failure=error)
    session = Session(settings, symbols, clock, memory=memory, live=live, load=lambda: module)
    seen = Seen(
        package=str(getattr(module, "__version__", "")),
        double="double" in (getattr(module, "__doc__", None) or ""),
        offsets=session.offsets,
    )
    try:
        return _look(session, seen, symbols, log_in)
    except ZepixError as error:
        return attrs.evolve(seen, failure=error, terminal=_terminal(session))
    finally:
        session.close()


def _look(session: Session, seen: Seen, symbols: Mapping[str, SymbolSettings], log_in: bool) -> Seen:
    row = session.open(log_in=log_in)
    return attrs.evolve(
        seen,
        terminal=_terminal(session),
        account=account_of(row),
        trade_allowed=bool(row.trade_allowed),
        trade_expert=bool(row.trade_expert),
        fifo=bool(row.fifo_close),
        symbols=tuple(
            found
            for name in wanted_symbols(symbols, session.settings.mapping)
            if (found := _symbol(session, name, name in symbols or name in session.settings.mapping))
            is not None
        ),
    )


def _terminal(session: Session) -> SeenTerminal | None:
    module = session.module
    row, version = module.terminal_info(), module.version()
    if row is None or version is None:
        return None
    return SeenTerminal(
        version=str(version[2]),
        build=int(row.build),
        connected=bool(row.connected),
        algo_trading=bool(row.trade_allowed),
        python_api=not row.tradeapi_disabled,
        ping_ms=int(row.ping_last) / 1000,
    )


def _symbol(session: Session, name: str, named: bool) -> SeenSymbol | None:
    theirs = session.names.theirs(name)
    row: Any = session.maybe("symbol_info", theirs)
    if row is None:
        return SeenSymbol(name=name, theirs=theirs, named=True, near=session.near(theirs)) if named else None
    session.module.symbol_select(theirs, True)
    policy = session.memory.filling(theirs) or chosen(int(row.trade_exemode), int(row.filling_mode))
    return SeenSymbol(
        name=name,
        theirs=theirs,
        named=named,
        info=session.facts(row, name),
        filling=policy.name if policy is not None else "",
        is_open=session.is_open(name),
        age_seconds=_age(session, name, theirs),
    )


def _age(session: Session, name: str, theirs: str) -> float | None:
    row = session.maybe("symbol_info_tick", theirs)
    tick = None if row is None else tick_of(row, name, session.offsets)
    if tick is None or session.offsets.current is None:
        return None
    return round((session.clock.now_ns() - tick.time_ns) / NS, 1)
