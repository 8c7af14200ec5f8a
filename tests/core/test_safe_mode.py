"""Safe mode: a journal that cannot be used is kept, nothing opens, people see and close their positions."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.core.plugins.conftest import Site

from zepix_core.broker.inline import InlineBroker
from zepix_core.broker.paper.opening import open_paper
from zepix_core.config.files import load_settings
from zepix_core.config.secrets import WEBHOOK_TOKEN
from zepix_core.errors import DatabaseDamaged
from zepix_core.safe_desk import SafeMode
from zepix_core.safe_host import SafeHost
from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.host import PaperHost
from zepix_core.web.webhook_face import WebhookFace

PLUGIN = """
from zepix_core import AlertClass, Capability, Decision, LogicPlugin, Verdict, hookimpl


class SafeBuyer(LogicPlugin):
    name = "Buyer"
    alerts = {"safe_buy": AlertClass.ENTRY}
    capabilities = frozenset({Capability.PLACE_ORDER})

    @hookimpl
    async def on_alert(self, alert, api):
        await api.place_order("EURUSD", "BUY", 0.01, sl_price=1.07, price=1.085)
        return Decision(verdict=Verdict.ACTED, action="enter")
"""
ENTRY = '{"type":"safe_buy","symbol":"EURUSD","price":1.085,"id":"%s"}'
DAMAGE = b"\xff" * 4096


class Ruin:
    """A home that traded, its journal damaged since, and the host in safe mode on it."""

    def __init__(self, paper: PaperHost) -> None:
        self.paper, self.home = paper, paper.home
        loaded = load_settings(self.home)
        settings = loaded.settings
        broker = InlineBroker(
            open_paper(self.home.data, settings.paper, settings.symbol_config, paper.clock, same_thread=True)
        )
        self.webhook = WebhookFace(settings.webhook, {"main": loaded.variables[WEBHOOK_TOKEN]})
        damage = DatabaseDamaged("journal.db is damaged.", "Put a backup back.")
        self.host = SafeHost(
            self.home, settings, damage, clock=paper.clock, faces=(self.webhook,), broker=broker
        )

    @property
    def desk(self) -> Any:
        return self.host.desk


@pytest.fixture
async def ruin(tmp_path: Path) -> AsyncIterator[Ruin]:
    (tmp_path / "site").mkdir()
    site = Site(tmp_path / "site")
    site.install("safe-buyer", {"safe_buyer": "safe_buyer:SafeBuyer"}, source=PLUGIN)
    paper = PaperHost(
        tmp_path / "home",
        clock=VirtualClock(),
        only=("safe-buyer",),
        paths=(str(site.path),),
        settings={"webhook": {"port": 0}},
    )
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "zepix.toml").write_text("[webhook]\nport = 0\n")
    async with paper:
        for number in (1, 2):
            await paper.post(ENTRY % number)
            await paper.settled()
        assert len(await paper.positions()) == 2
    with paper.home.journal_db.open("r+b") as pages:
        pages.seek(3 * 4096)
        pages.write(DAMAGE)
    ruin = Ruin(paper)
    await ruin.host.start()
    async with asyncio.timeout(10):
        while not ruin.desk.link:  # noqa: ASYNC110 (it says so to nobody)
            await asyncio.sleep(0)
    yield ruin
    await ruin.host.stop()


async def test_it_says_so_and_takes_no_alert(ruin: Ruin) -> None:
    state = ruin.desk.state()
    assert (state.ready, state.reason, state.storage) == (False, "safe mode", "journal.db is damaged.")
    assert [(one.file, one.lasting, one.hint) for one in state.storage_faults] == [
        ("journal.db", True, "Put a backup back.")
    ]
    listener: Any = ruin.webhook.listener
    assert listener.ready and not listener.store.healthy


async def test_positions_can_be_closed_one_or_all(ruin: Ruin) -> None:
    first, second = [position.ticket for position in await ruin.desk.broker.positions()]
    result = await ruin.desk.close_position(first, "person")
    assert (result.success, result.remaining_volume) == (True, 0.0)
    assert not (await ruin.desk.close_position(first, "person")).success
    assert await ruin.desk.panic("entries", "person") == ()
    (result,) = await ruin.desk.panic("lock", "person")
    assert (result.success, result.order_id) == (True, second)
    assert await ruin.desk.broker.positions() == ()


async def test_what_needs_the_journal_is_refused_in_words(ruin: Ruin) -> None:
    for asked in ("pause", "resume", "limits", "switch_plugin", "reconcile"):
        with pytest.raises(SafeMode, match="damaged"):
            getattr(ruin.desk, asked)
    with pytest.raises(DatabaseDamaged):
        await ruin.desk.journal.run(lambda c: None)


async def test_the_damaged_file_stays_as_it_is(ruin: Ruin) -> None:
    before = ruin.home.journal_db.read_bytes()
    await ruin.desk.panic("flatten", "person")
    await ruin.host.stop()
    assert ruin.home.journal_db.read_bytes() == before
    assert before[3 * 4096 : 4 * 4096] == DAMAGE
    assert not ruin.home.ports_file.exists()


async def test_a_host_on_a_damaged_journal_says_that_it_is(ruin: Ruin) -> None:
    with pytest.raises(DatabaseDamaged):
        await ruin.paper.start()
