"""The desk on the executor of a running host: many callers, one writer thread, readers in threads."""

import asyncio
from pathlib import Path

from tests.core.journal.conftest import context, pair, plugin

from zepix_core.broker.inline import InlineBroker
from zepix_core.broker.paper.opening import open_paper
from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.config.risk import RateSettings, TradingSettings
from zepix_core.journal.events import verify
from zepix_core.journal.orders import OrderDesk, account_key
from zepix_core.journal.reconcile import Reconciler
from zepix_core.journal.recovery import recover
from zepix_core.services.calls import PlaceReply
from zepix_core.storage.connection import Durability
from zepix_core.storage.executor import WriterThread
from zepix_core.storage.journal_schema import TABLES
from zepix_core.storage.script import run_script
from zepix_core.testing.clock import VirtualClock

RATES = RateSettings(host_per_minute=1000, plugin_per_minute=1000, symbol_per_minute=1000)


async def open_desk(folder: Path, clock: VirtualClock) -> tuple[OrderDesk, InlineBroker, WriterThread]:
    broker = InlineBroker(open_paper(folder, PaperSettings(balance=1e6), {}, clock))
    hello = await broker.start()
    journal = WriterThread(folder / "journal.db", Durability.FULL)
    await journal.run(lambda c: run_script(c, TABLES))
    settings = TradingSettings(rates=RATES)
    desk = OrderDesk(journal, broker, clock, settings, account_key(hello.account))
    desk.take_hello(hello, any_tick_age=True)
    await recover(desk, hello, Reconciler(desk))
    await broker.observe("EURUSD", 1.1)
    return desk, broker, journal


async def test_callers_at_once_get_one_pair_each_and_repeats_none(
    tmp_path: Path, clock: VirtualClock
) -> None:
    desk, broker, journal = await open_desk(tmp_path, clock)
    calls = [desk.place(context(clock, number % 10), pair()) for number in range(30)]
    risks = [desk.risk.state(plugin()) for _ in range(30)]
    answers = await asyncio.gather(*calls, *risks)
    replies = [answer for answer in answers if isinstance(answer, PlaceReply)]
    assert all(result.ok for reply in replies for result in reply.results)
    assert len({reply.results[0].ticket for reply in replies}) == 10
    assert len(await broker.positions()) == 20
    assert await journal.read(verify) > 100
    await desk.stop()
    await broker.stop()
    await journal.close()
