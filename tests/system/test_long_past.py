"""A journal made long for measuring is one the host has no doubts about."""

from contextlib import closing
from pathlib import Path

import pytest

from zepix_core.journal.checking import check_journal
from zepix_core.rules.trading_day import TradingDays
from zepix_core.storage.connection import open_reader
from zepix_core.testing.host import PaperHost

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
ROWS = 1500
ENTRY = '{"id":"%s","symbol":"EURUSD","action":"buy","lots":0.1,"price":1.085,"sl":1.035}'
OUT = '{"id":"out","symbol":"EURUSD","action":"close"}'


async def test_a_long_past_holds_together_and_the_host_goes_on_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from past import lengthen  # type: ignore[import-not-found]

    paper = PaperHost(tmp_path / "home", only=("zepix-bracket",), profile="bench")
    async with paper:
        for body in (ENTRY % 1, OUT):
            await paper.post(body)
            await paper.settled()
    lengthen(paper.home.data, ROWS, TradingDays.named("03:35", "Asia/Kolkata"))
    async with paper:
        await paper.post(ENTRY % 2)
        await paper.settled()
        (position,) = await paper.positions()
        assert position.ticket > max(trade.ticket for trade in (await paper.trades())[:-1])
    with closing(open_reader(paper.home.journal_db)) as journal:
        checked = check_journal(journal)
    assert (checked.fault, checked.events > ROWS) == ("", True)
