"""Which broker a host trades with."""

import os
from pathlib import Path

from zepix_core.broker.gateway_calls import GatewayInit
from zepix_core.broker.paper.faults import VARIABLE
from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.broker.port import Broker
from zepix_core.broker.symbol_settings import SymbolSettings
from zepix_core.clock import Clock


def choose_broker(
    kind: str,
    data: Path,
    paper: PaperSettings,
    symbols: dict[str, SymbolSettings],
    clock: Clock,
    *,
    live: bool = False,
    inline: bool = False,
    same_thread: bool = False,
) -> Broker:
    """The account's adapter: a gateway process, or with ``inline`` the same objects in this process.

    Args:
        data: The home's data folder; locks and the paper book stand there.
        same_thread: Inline only: write the paper book in the caller's thread.
    """
    faults = os.environ.get(VARIABLE, "")
    if not inline:
        from zepix_core.broker.client import GatewayClient

        init = GatewayInit(kind=kind, data=str(data), paper=paper, symbols=symbols, faults=faults, live=live)
        return GatewayClient(init, data / "locks" / f"gateway-{kind}.lock", clock)
    from zepix_core.broker.inline import InlineBroker
    from zepix_core.broker.paper.opening import open_paper

    inner = open_paper(data, paper, symbols, clock, faults=faults, same_thread=same_thread)
    return InlineBroker(inner, clock, paper.tick_interval_seconds)
