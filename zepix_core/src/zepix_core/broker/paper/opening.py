"""Puts a paper broker together from settings."""

from collections.abc import Mapping
from pathlib import Path

from zepix_core.broker.paper.broker import PaperBroker
from zepix_core.broker.paper.faults import parse_faults
from zepix_core.broker.paper.faulty import FaultyBroker
from zepix_core.broker.paper.market import Market, SyntheticMarket, TapeMarket
from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.broker.paper.symbols import PaperSymbol, paper_symbols
from zepix_core.broker.paper.tape import read_tape
from zepix_core.broker.port import MovingBroker
from zepix_core.broker.symbol_settings import SymbolSettings
from zepix_core.clock import Clock
from zepix_core.storage.connection import Durability
from zepix_core.storage.executor import Executor, SameThread, WriterThread

DATABASE = "paper.db"


def open_paper(
    data: Path,
    settings: PaperSettings,
    symbols: Mapping[str, SymbolSettings],
    clock: Clock,
    *,
    faults: str = "",
    silent: bool = False,
    same_thread: bool = False,
) -> MovingBroker:
    """A paper broker whose book is ``paper.db`` in the folder ``data``; start it before use.

    Args:
        faults: The text of ``ZEPIX_PAPER_FAULTS``.
        silent: Injected time-outs really never answer (a process border with a deadline is in between).
        same_thread: Write on the caller's thread: for replay, the simulator and tests.

    Raises:
        SettingsError: Settings, faults or the tick file cannot be used.
        StorageError: ``paper.db`` cannot be opened.
    """
    plan = parse_faults(faults)
    known = paper_symbols(settings, symbols)
    market = _market(settings, known, data)
    data.mkdir(parents=True, exist_ok=True)
    path = data / DATABASE
    executor: Executor
    executor = (SameThread if same_thread else WriterThread)(path, Durability.FULL)
    broker = PaperBroker(executor, clock, settings, known, market)
    return FaultyBroker(broker, plan, settings.seed, clock, silent=silent) if plan else broker


def engine_of(broker: MovingBroker) -> PaperBroker:
    """The paper broker itself, without the faults that may be around it.

    Raises:
        TypeError: It is no paper broker.
    """
    engine = broker.engine if isinstance(broker, FaultyBroker) else broker
    if not isinstance(engine, PaperBroker):
        raise TypeError(f"{type(broker).__name__} is no paper broker")
    return engine


def _market(settings: PaperSettings, symbols: tuple[PaperSymbol, ...], data: Path) -> Market:
    if settings.prices == "synthetic":
        return SyntheticMarket(symbols, settings.seed, settings.tick_interval_seconds)
    tape = read_tape(data.parent / Path(settings.prices).expanduser())
    return TapeMarket(tape, {symbol.info.name: symbol.info for symbol in symbols})
