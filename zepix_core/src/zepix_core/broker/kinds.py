"""The brokers that a gateway can serve."""

from collections.abc import Callable, Iterable
from pathlib import Path

import attrs

from zepix_core.broker.gateway_calls import MT5, PAPER, SHADOW, GatewayInit
from zepix_core.broker.paper.faults import VARIABLE
from zepix_core.broker.port import MovingBroker
from zepix_core.clock import Clock
from zepix_core.errors import SettingsError
from zepix_core.model.market import Tick

MEMORY, CALLS = "mt5.json", "mt5-calls.jsonl"


@attrs.frozen(kw_only=True)
class Served:
    """A broker, not started yet.

    Attributes:
        interval: Seconds between two of its prices; it is moved at least twice in each.
        feed: Takes the prices of another broker, where this one follows them.
    """

    broker: MovingBroker
    interval: float
    feed: Callable[[Iterable[Tick]], None] | None = None


def open_broker(
    init: GatewayInit,
    clock: Clock,
    *,
    silent: bool = False,
    same_thread: bool = False,
    hung: Callable[[], None] = lambda: None,
) -> Served:
    """The broker a host asks for.

    Args:
        silent: Injected time-outs really never answer (a process border with a deadline is in between).
        same_thread: Write ``paper.db`` on the caller's thread.
        hung: Called when a call of MetaTrader 5 does not come back.

    Raises:
        SettingsError: There is no such broker, or it cannot be used as asked for.
        StorageError: ``paper.db`` cannot be opened.
    """
    if init.faults and (init.live or init.kind != PAPER):
        why = "live is true" if init.live else f"the broker is {init.kind}"
        raise SettingsError(f"{VARIABLE} is set and {why}.", "Faults are injected on a paper account only.")
    if init.kind == PAPER:
        from zepix_core.broker.paper.opening import open_paper

        broker = open_paper(
            Path(init.data), init.paper, init.symbols, clock,
            faults=init.faults, silent=silent, same_thread=same_thread,
        )  # fmt: skip
        return Served(broker=broker, interval=init.paper.tick_interval_seconds)
    if init.kind == SHADOW:
        from zepix_core.broker.paper.fed import open_fed

        shadow, market = open_fed(Path(init.data), init.paper, init.fed, clock, same_thread=same_thread)
        return Served(broker=shadow, interval=init.paper.tick_interval_seconds, feed=market.feed)
    if init.kind == MT5 and init.mt5 is not None:
        from zepix_core.broker.mt5.broker import POLL_SECONDS, Mt5Broker
        from zepix_core.broker.mt5.call_log import load_recorded
        from zepix_core.broker.mt5.module import load_module

        data = Path(init.data)
        terminal = Mt5Broker(
            init.mt5, init.symbols, clock,
            memory=data / MEMORY, live=init.live, hung=hung,
            load=load_recorded(data / CALLS) if init.mt5.record else load_module,
        )  # fmt: skip
        return Served(broker=terminal, interval=2 * POLL_SECONDS)
    raise SettingsError(f"There is no broker {init.kind!r}.", "Set broker to paper or mt5.")
