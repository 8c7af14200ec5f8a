"""The bracket plugin in a whole host on virtual time: from the webhook to the paper broker's book."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from zepix_core.testing.host import PaperHost

SAMPLES = Path(__file__).parents[2] / "examples" / "alerts"
BUY = {"id": "w1", "symbol": "EURUSD", "action": "buy", "lots": 0.1, "price": 1.085, "sl": 1.08, "tp": 1.09}
Hosts = Callable[..., PaperHost]


def sample(name: str) -> str:
    return (SAMPLES / name).read_text("utf-8")


async def sent(paper: PaperHost, *bodies: str) -> None:
    """Post each and let the house come to rest."""
    for body in bodies:
        assert (await paper.post(body)).status == 200
        await paper.settled()


async def test_a_sample_buy_becomes_a_position_with_its_stops(paper_host: Hosts) -> None:
    async with paper_host(only=("zepix-bracket",)) as paper:
        await sent(paper, sample("bracket-buy.json"))
        (position,) = await paper.positions()
        assert (position.symbol, position.volume, position.sl, position.tp) == (
            "EURUSD",
            0.02,
            1.1663,
            1.1723,
        )
        (order,) = await paper.orders()
        assert (order.external_id, order.plugin, order.state) == ("sample-buy-1", "bracket", "filled")


async def test_a_sample_risk_is_sized_at_its_stop_and_explained(paper_host: Hosts) -> None:
    async with paper_host(only=("zepix-bracket",)) as paper:
        await sent(paper, sample("bracket-sell-risk.json"))
        (position,) = await paper.positions()
        assert position.volume == 0.01, "0.1 % of 10,000 is 10; 100 pips at 10 a lot lose 1,000 a lot"
        decision = (await paper.story("sample-sell-1")).decisions["bracket"]
        assert [step.name for step in decision.steps] == ["stop distance", "lots"]


async def test_a_sample_close_leaves_nothing_open(paper_host: Hosts) -> None:
    async with paper_host(only=("zepix-bracket",)) as paper:
        await sent(paper, sample("bracket-buy.json"), sample("bracket-close.json"))
        assert await paper.positions() == ()
        (trade,) = await paper.trades()
        assert trade.status == "closed"


async def test_the_same_delivery_again_trades_once(paper_host: Hosts) -> None:
    async with paper_host(only=("zepix-bracket",)) as paper:
        await sent(paper, json.dumps(BUY), json.dumps(BUY))
        assert len(await paper.positions()) == 1
        assert len(await paper.alerts()) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"lots": "0.1"}, "invalid_lots"),
        ({"sl": None}, "missing_stop"),
        ({"sl": 1.09, "tp": 1.08}, "invalid_stops"),
        ({"symbol": "NOSUCH", "price": 1.085}, "unknown_symbol"),
    ],
)
async def test_a_refused_alert_ends_with_its_reason_and_no_order(
    paper_host: Hosts, change: dict[str, object], reason: str
) -> None:
    async with paper_host(only=("zepix-bracket",)) as paper:
        await sent(paper, json.dumps(BUY | change))
        (alert,) = await paper.alerts()
        assert (alert.state, alert.reason) == ("refused", reason)
        assert await paper.positions() == ()


@pytest.mark.parametrize("switch", ["notify_on_entry", "notify_on_exit"])
async def test_a_switch_of_its_settings_keeps_its_notices_out_until_the_next_start_with_it_on(
    paper_host: Hosts, switch: str
) -> None:
    kept = {"notify_on_entry": "exit", "notify_on_exit": "entry"}[switch]
    quiet = {"bracket": {"notifications": {switch: False}}}
    async with paper_host(only=("zepix-bracket",), plugin_settings=quiet) as paper:
        await sent(paper, json.dumps(BUY), '{"id": "w2", "symbol": "EURUSD", "action": "close"}')
        assert told(paper.home.journal_db) == [kept]
        home, clock = paper.home, paper.clock
    home.plugin_file("bracket").unlink()
    async with PaperHost(home.path, only=("zepix-bracket",), clock=clock) as paper:
        await sent(
            paper,
            json.dumps(BUY | {"id": "w3"}),
            '{"id": "w4", "symbol": "EURUSD", "action": "close"}',
        )
        assert told(home.journal_db) == [kept, "entry", "exit"]


def told(journal: Path) -> list[str]:
    with closing(sqlite3.connect(journal)) as connection:
        return [row[0] for row in connection.execute("SELECT type FROM outbox ORDER BY id")]
