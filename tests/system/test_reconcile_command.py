"""`zepix reconcile` beside a running host and on the files of a stopped one."""

import asyncio
import json
import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from tests.system.campaigns import ALWAYS_OPEN, entry
from zepix_core.cli.main import run
from zepix_core.config.home import Home
from zepix_core.config.profiles import prepare
from zepix_core.config.secrets import API_TOKEN, environment, token_hash
from zepix_core.testing.host import PaperHost
from zepix_core.web.api import ApiServer


@asynccontextmanager
async def trading(home: Path, alerts: int = 0) -> AsyncIterator[PaperHost]:
    """A host whose API answers; time passes while a command waits."""
    prepare(Home(home / "home"), "bench")
    token = environment(Home(home / "home").env)[API_TOKEN]
    api = ApiServer(0, token_hash(token.reveal()))
    async with PaperHost(
        home / "home", only=("zepix-bracket",), settings=ALWAYS_OPEN, profile="bench", faces=(api,)
    ) as paper:
        for number in range(alerts):
            await paper.post(entry(number, random.Random(number), "EURUSD"))
        await paper.settled()
        yield paper


async def cli(
    paper: PaperHost, capsys: pytest.CaptureFixture[str], *words: str, command: str = "reconcile"
) -> tuple[int, str]:
    """One command line against the running host: exit code and what it printed."""
    asked = asyncio.ensure_future(asyncio.to_thread(run, [command, "--home", str(paper.home.path), *words]))
    while not (await asyncio.wait([asked], timeout=0.05))[0]:
        await paper.advance(0.5, 0.5)
    return asked.result(), capsys.readouterr().out


def stopped(home: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    code = run(["reconcile", "--home", str(home / "home"), "--format", "json", *words])
    return code, json.loads(capsys.readouterr().out or "{}")


def enlarge(home: Path) -> int:
    """Make the position larger in the broker's own file, without a deal; its ticket."""
    with closing(sqlite3.connect(home / "home" / "data" / "paper.db")) as paper:
        paper.execute("UPDATE positions SET volume = volume * 2")
        paper.commit()
        (ticket,) = paper.execute("SELECT ticket FROM positions").fetchone()
    return int(ticket)


async def test_a_contradiction_is_shown_stopped_and_running_and_decided(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with trading(tmp_path, 1) as paper:
        assert await cli(paper, capsys) == (0, "Both books say the same.\n")
    code, told = stopped(tmp_path, capsys)
    assert (code, told["equal"], [row["kind"] for row in told["rows"]]) == (0, True, ["same"])
    ticket = enlarge(tmp_path)
    code, told = stopped(tmp_path, capsys)
    (row,) = told["rows"]
    assert (code, row["kind"], row["our_lots"], row["their_lots"]) == (1, "needs_human", 0.1, 0.2)
    async with trading(tmp_path) as paper:
        code, text = await cli(paper, capsys)
        assert code == 1
        assert f"zepix reconcile --adopt {ticket}" in text
        assert "bracket opens nothing on EURUSD: the position is larger than the books say." in text
        status = await cli(paper, capsys, command="status")
        assert "allowed, except bracket on EURUSD, a person must look: zepix reconcile" in status[1]
        code, text = await cli(paper, capsys, "--adopt", str(ticket), "--yes")
        assert (code, text) == (
            0,
            f"Position {ticket}: managed by bracket as it stands at the broker.\n",
        )
        assert await cli(paper, capsys) == (0, "Both books say the same.\n")
        assert (await cli(paper, capsys, "--close", str(ticket), "--yes"))[0] == 0
        assert await paper.positions() == ()


async def test_what_was_missed_while_the_host_was_down_is_shown_as_such(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with trading(tmp_path, 1) as paper:
        (position,) = await paper.positions()
    async with paper.terminal_alone() as terminal:
        await terminal.by_hand_close(position.ticket)
    code, told = stopped(tmp_path, capsys)
    (row,) = told["rows"]
    assert (code, row["kind"], row["their_lots"]) == (0, "missed_close", None)


async def test_a_decision_needs_a_word_and_one_at_a_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with trading(tmp_path) as paper:
        assert (await cli(paper, capsys, "--adopt", "1"))[0] == 2  # nobody can be asked
        assert (await cli(paper, capsys, "--adopt", "1", "--close", "1", "--yes"))[0] == 2
        assert (await cli(paper, capsys, "--forget", "nothing", "--yes"))[0] == 2
    assert stopped(tmp_path, capsys, "--forget", "x", "--yes")[0] == 3
