"""Which broker a host trades with."""

import os
from collections.abc import Callable
from pathlib import Path

import attrs

from zepix_core.broker.beside import Beside, Fed
from zepix_core.broker.gateway_calls import MT5, SHADOW, GatewayInit
from zepix_core.broker.mt5.settings import Mt5Settings
from zepix_core.broker.paper.faults import VARIABLE
from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.broker.port import Broker, GatewayHello
from zepix_core.broker.symbol_settings import SymbolSettings
from zepix_core.clock import Clock


def choose_broker(
    kind: str,
    data: Path,
    paper: PaperSettings,
    symbols: dict[str, SymbolSettings],
    clock: Clock,
    *,
    mt5: Mt5Settings | None = None,
    live: bool = False,
    inline: bool = False,
    same_thread: bool = False,
) -> Broker:
    """The account's adapter: a gateway process, or with ``inline`` the same objects in this process.

    Beside MetaTrader 5 a paper gateway keeps the shadow book.

    Args:
        data: The home's data folder; locks and the paper book stand there.
        mt5: The account, when ``kind`` is ``mt5``.
        same_thread: Inline only: write the paper book in the caller's thread.
    """
    init = GatewayInit(
        kind=kind,
        data=str(data),
        paper=paper,
        symbols=symbols,
        faults=os.environ.get(VARIABLE, ""),
        live=live,
        mt5=mt5 if kind == MT5 else None,
    )
    make = _in_this_process(clock, same_thread) if inline else _in_processes(data, clock)
    if kind != MT5:
        return make(init)

    def open_shadow(hello: GatewayHello) -> Fed:
        return make(attrs.evolve(init, kind=SHADOW, faults="", mt5=None, fed=hello.symbols))

    return Beside(make(init), open_shadow)


def _in_processes(data: Path, clock: Clock) -> Callable[[GatewayInit], Fed]:
    from zepix_core.broker.client import GatewayClient

    def make(init: GatewayInit) -> Fed:
        name = "gateway" if init.kind != SHADOW else "shadow gateway"
        return GatewayClient(init, data / "locks" / f"gateway-{init.kind}.lock", clock, log_name=name)

    return make


def _in_this_process(clock: Clock, same_thread: bool) -> Callable[[GatewayInit], Fed]:
    from zepix_core.broker.inline import InlineBroker
    from zepix_core.broker.kinds import open_broker

    def make(init: GatewayInit) -> Fed:
        served = open_broker(init, clock, same_thread=same_thread)
        feed = served.feed or (lambda _: None)
        return InlineBroker(served.broker, clock, served.interval, feed=feed)

    return make
