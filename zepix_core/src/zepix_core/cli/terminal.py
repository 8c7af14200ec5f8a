"""What ``zepix doctor`` says of a MetaTrader 5 terminal."""

import threading
from collections.abc import Iterator

from zepix_core.broker.mt5.inspection import Seen, SeenSymbol, SeenTerminal, inspect
from zepix_core.broker.mt5.settings import CONNECT_SECONDS
from zepix_core.cli.finding import BAD, OK, WARN, Finding
from zepix_core.clock import NS, Clock, SystemClock
from zepix_core.config.home import Home
from zepix_core.config.settings import HostSettings
from zepix_core.model.account import AccountInfo
from zepix_core.model.market import SymbolInfo, TradeMode

NAME = "MetaTrader 5"
LONGEST_SECONDS = CONNECT_SECONDS + 20.0
OLD_OFFSET_DAYS = 8
ALGO = "Press Algo Trading in the terminal's toolbar."
API = (
    "In the terminal: Tools, Options, Expert Advisors: take the mark off "
    '"Disable automatic trading via external Python API".'
)


def terminal_findings(home: Home, settings: HostSettings, host_runs: bool) -> Iterator[Finding]:
    """Everything a start checks at the terminal.

    Args:
        host_runs: A host trades there now: the account that the terminal shows is looked at, not changed.
    """
    clock = SystemClock()
    looked: list[Seen] = []

    def look() -> None:
        looked.append(
            inspect(
                settings.mt5, settings.symbol_config, clock,
                memory=home.data / "mt5.json", live=settings.live, log_in=not host_runs,
            )
        )  # fmt: skip

    # A call that hangs holds its thread for ever; it must not hold this command.
    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(LONGEST_SECONDS)
    if not looked:
        yield Finding(NAME, BAD, f"no answer within {LONGEST_SECONDS:g} s", "Restart the terminal.")
        return
    yield from findings_of(looked[0], settings, clock)


def findings_of(seen: Seen, settings: HostSettings, clock: Clock) -> Iterator[Finding]:
    """One finding for each fact of a look."""
    if seen.double:
        from zepix_core.testing.fake_mt5.divergences import KNOWN_DIVERGENCES

        for line in KNOWN_DIVERGENCES:
            yield Finding(f"{NAME} double", WARN, line, "Try it on a demo account before you rely on it.")
    if seen.package:
        yield Finding(f"{NAME} package", OK, seen.package)
    if seen.terminal is not None:
        yield from _terminal(seen.terminal)
    if seen.failure is not None:
        yield Finding(NAME, BAD, seen.failure.message, seen.failure.hint)
        return
    if seen.account is not None:
        yield from _account(seen, seen.account)
    for symbol in seen.symbols:
        yield _symbol(symbol, settings)
    yield _clock(seen, settings, clock)


def _terminal(terminal: SeenTerminal) -> Iterator[Finding]:
    detail = f"build {terminal.build} of {terminal.version}, ping {terminal.ping_ms:g} ms"
    hint = (
        "" if terminal.connected else "It connects by itself; look at the lower right corner of the terminal."
    )
    if not terminal.connected:
        detail += ", not connected to the broker"
    yield Finding(f"{NAME} terminal", OK if terminal.connected else BAD, detail, hint)
    fine = terminal.algo_trading and terminal.python_api
    detail = "on" if fine else "off" if terminal.python_api else "off for Python"
    yield Finding(
        "Algo Trading", OK if fine else BAD, detail, "" if fine else ALGO if terminal.python_api else API
    )


def _account(seen: Seen, account: AccountInfo) -> Iterator[Finding]:
    detail = (
        f"{account.login} on {account.server}, {account.trade_mode}, {account.margin_mode}, "
        f"{account.currency}, 1:{account.leverage}"
    )
    yield Finding("account", OK, detail)
    if not seen.trade_allowed:
        yield Finding(
            "account trading", BAD, "not allowed", "Log in with the main password, not the investor's."
        )
    elif not seen.trade_expert:
        yield Finding("account trading", BAD, "not allowed to programs", "Ask the broker to allow it.")
    if not account.hedging:
        yield Finding(
            "account mode", WARN, "netting: pairs of orders are refused, one position a symbol",
            "Open a hedging account for plugins that place pairs.",
        )  # fmt: skip
    if seen.fifo:
        yield Finding("account mode", WARN, "the oldest position of a symbol must be closed first")


def _symbol(symbol: SeenSymbol, settings: HostSettings) -> Finding:
    name = f"symbol {symbol.name}"
    if symbol.info is None:
        near = " or ".join(symbol.near)
        hint = f"Set symbol_mapping.{symbol.name}" + (f', such as "{symbol.near[0]}".' if near else ".")
        detail = f"the broker has no {symbol.theirs}" + (f"; did you mean {near}?" if near else "")
        return Finding(name, BAD, detail, hint)
    detail = f"{symbol.theirs}, {symbol.info.trade_mode.value}, filling {symbol.filling or 'none'}"
    for result, fault, hint in _faults(symbol, symbol.info, settings):
        return Finding(name, result, f"{detail}; {fault}", hint)
    return Finding(name, OK, detail)


def _faults(symbol: SeenSymbol, info: SymbolInfo, settings: HostSettings) -> Iterator[tuple[str, str, str]]:
    """What is wrong with a symbol, the worst first."""
    if info.trade_mode is not TradeMode.FULL:
        yield WARN, "it cannot be traded both ways", "Ask the broker, or leave the symbol out."
    if not symbol.filling:
        yield BAD, "it takes no market orders", "Ask the broker for its filling policies."
    if info.volume_min > info.volume_max:
        yield BAD, f"its least volume is {info.volume_min:g}", f"Raise symbol_config.{info.name}.max_lot."
    smallest = min(settings.fixed_lot_sizes.values(), default=info.volume_min)
    if info.volume_min > smallest:
        yield (
            WARN,
            f"its least volume is {info.volume_min:g}, smaller lots are raised to it",
            "See that the risk still fits: fixed_lot_sizes.",
        )
    least = info.stops_level * info.point
    if least > max(info.min_sl_distance, 10 * info.point):
        yield (
            WARN,
            f"stops nearer than {info.stops_level} points are refused",
            f"Set symbol_config.{info.name}.min_sl_distance to {least:g} or more.",
        )
    limit = settings.market_data.max_tick_age_seconds
    if symbol.is_open and symbol.age_seconds is not None and 0 < limit < symbol.age_seconds:
        yield WARN, f"its newest quote is {symbol.age_seconds:g} s old", "See whether its market is open."


def _clock(seen: Seen, settings: HostSettings, clock: Clock) -> Finding:
    name, offset = "broker's clock", seen.offsets.current
    if offset is None:
        return Finding(
            name, WARN, "not measured yet", "It is measured while the host runs and the market is open."
        )
    detail = f"{offset / 3600:+g} h from UTC"
    if settings.mt5_server_offset_hours is not None:
        return Finding(name, OK, f"{detail}, as mt5_server_offset_hours says")
    days = (clock.now_ns() - seen.offsets.measured_ns) / NS / 86_400
    detail += f", measured {days:.1f} days ago"
    old = days > OLD_OFFSET_DAYS
    return Finding(
        name, WARN if old else OK, detail, "It is measured again once the host runs." if old else ""
    )
