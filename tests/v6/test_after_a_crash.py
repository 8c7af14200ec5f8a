"""What is done when an alert comes again after a crash: what it was about to do, and once."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from zepix_core import Alert, Book, Decision
from zepix_core.errors import BrokerOffline, OutcomeUnknown, PluginError, WorkerDied
from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.host import PaperHost
from zepix_plugins_v6 import handling, report
from zepix_plugins_v6.alert import parse
from zepix_plugins_v6.messages import Exit
from zepix_plugins_v6.profiles import INTRADAY, MOMENTUM, PROFILES, SCALPING, SWING, Profile
from zepix_plugins_v6.store import SignalRow

from .desk import Desk, deliver_again, entry, host
from .messages import AT

GROUP = "zepix_price_action.db"


def outcome(row: Any) -> tuple[str, str | None]:
    return row.state, row.reason


def change(home: Path, statement: str) -> None:
    with closing(sqlite3.connect(home / "data" / GROUP)) as group:
        group.execute(statement)
        group.commit()


def updates_again(home: Path) -> None:
    with closing(sqlite3.connect(home / "data" / "journal.db")) as journal:
        journal.execute("DELETE FROM event_cursors")
        journal.commit()


OTHERS: dict[str, tuple[Profile, Mapping[str, Any]]] = {
    "spread": (SCALPING, {"entry_conditions": {"max_spread_pips": 1.0}}),
    "score": (MOMENTUM, {"entry_conditions": {"confidence_threshold": 95}}),
    "symbols": (SWING, {"supported_symbols": ["EURUSD"]}),
    "trends": (MOMENTUM, {}),
    "shadow": (INTRADAY, {}),
}


@pytest.mark.parametrize(("other", "linked"), [*((other, True) for other in OTHERS), ("spread", False)])
async def test_an_entry_whose_orders_are_in_is_finished_whatever_the_filters_say_now(
    tmp_path: Path, virtual_clock: VirtualClock, other: str, linked: bool
) -> None:
    home, (profile, settings) = tmp_path / "home", OTHERS[other]
    async with host(home, virtual_clock, shadow=False) as paper:
        desk = Desk(paper, Book.LIVE)
        await desk.trending()
        first = await desk.enter(profile)
        before = await desk.positions()
        if other == "trends":
            await desk.pulse("15", 0, 6)
    deliver_again(home, first, crashed=True)
    if not linked:
        change(home, "UPDATE v6_signals_log SET trade_id = NULL, trade_placed = 0")
        change(home, f"DELETE FROM {profile.table}")
    plugins = {profile.id: {"settings": settings}}
    async with host(home, virtual_clock, shadow=other == "shadow", plugins=plugins) as paper:
        desk = Desk(paper, Book.LIVE)
        await paper.settled()
        row = (await paper.alerts())[first.id - 1]
        assert outcome(row) == ("done", None)
        (trade,) = desk.table(profile)
        logged = desk.logged(row)
        assert (logged["trade_id"], logged["trade_placed"], logged["skip_reason"]) == (trade["id"], 1, None)
        assert trade["confidence_score"] == 90
        assert await desk.positions() == before
        decision = (await paper.story(row.id)).decisions[profile.id]
        assert (decision.action, decision.data["repeated"]) == ("entry", True)


async def test_an_entry_that_had_placed_nothing_is_judged_anew(
    tmp_path: Path, virtual_clock: VirtualClock
) -> None:
    home = tmp_path / "home"
    async with host(home, virtual_clock, shadow=False) as paper:
        desk = Desk(paper, Book.LIVE)
        first = await desk.enter(SCALPING, score=20)
    deliver_again(home, first, crashed=True)
    async with host(home, virtual_clock, shadow=False) as paper:
        await paper.settled()
        assert outcome((await paper.alerts())[first.id - 1]) == ("refused", "confidence")


@pytest.mark.parametrize("book", list(Book))
async def test_an_exit_that_comes_again_says_that_it_closed(
    tmp_path: Path, virtual_clock: VirtualClock, book: Book
) -> None:
    home, shadow = tmp_path / "home", book is Book.SHADOW
    async with host(home, virtual_clock, shadow=shadow) as paper:
        desk = Desk(paper, book)
        await desk.trending()
        for profile in PROFILES:
            await desk.enter(profile)
        leaving = [await desk.leave(profile, price=2038.0) for profile in PROFILES]
        left = await desk.positions()
    for alert in leaving:
        deliver_again(home, alert, crashed=True)
    async with host(home, virtual_clock, shadow=shadow) as paper:
        desk = Desk(paper, book)
        await paper.settled()
        alerts = await paper.alerts()
        assert [outcome(alerts[alert.id - 1]) for alert in leaving] == [("done", None)] * len(PROFILES)
        assert [desk.logged(alert)["skip_reason"] for alert in leaving] == [None] * len(PROFILES)
        assert [p.volume for p in await desk.positions()] == [p.volume for p in left]


@pytest.mark.parametrize(
    ("reason", "verdict"),
    [(None, "acted"), ("unresolved", "rejected"), ("shadow", "rejected"), (report.NOTHING_OPEN, "nothing")],
)
def test_an_exit_has_closed_only_when_nothing_speaks_against_it(reason: str | None, verdict: str) -> None:
    message = parse("EXIT_BULLISH|XAUUSD|1|2035|15")
    assert isinstance(message, Exit)
    row = SignalRow(
        received_at=AT,
        signal_type=message.type,
        body="",
        processed=True,
        trade_placed=False,
        trade_id=None,
        skip_reason=reason,
        alert_key="k",
        target=SCALPING.id,
    )
    assert report.again(row, message).verdict.value == verdict


async def test_of_two_copies_within_a_second_the_first_is_new_after_a_restart(
    tmp_path: Path, virtual_clock: VirtualClock
) -> None:
    home = tmp_path / "home"
    async with host(home, virtual_clock, shadow=False) as paper:
        desk = Desk(paper, Book.LIVE)
        virtual_clock.advance(0.2)
        one = await desk.send(entry(SCALPING))
        virtual_clock.advance(0.3)
        two = await desk.send(entry(SCALPING) + "\n")
        assert two.reason == "duplicate"
    for alert in (one, two):
        deliver_again(home, alert, crashed=True)
    change(home, "UPDATE v6_signals_log SET decided = NULL, trade_id = NULL")
    async with host(home, virtual_clock, shadow=False) as paper:
        await paper.settled()
        rows = {row.id: row for row in await paper.alerts()}
        assert outcome(rows[one.id]) == ("done", None)
        assert outcome(rows[two.id]) == ("refused", "duplicate")


@pytest.mark.parametrize(("after", "reason"), [(59.999, "duplicate"), (60.0, None)])
async def test_the_window_ends_after_exactly_sixty_seconds_also_across_a_restart(
    tmp_path: Path, virtual_clock: VirtualClock, after: float, reason: str | None
) -> None:
    home = tmp_path / "home"
    async with host(home, virtual_clock, shadow=False) as paper:
        virtual_clock.advance(0.9)
        assert (await Desk(paper, Book.LIVE).enter(SCALPING)).reason is None
        began = virtual_clock.now_ns()
    async with host(home, virtual_clock, shadow=False) as paper:
        virtual_clock.advance(after - (virtual_clock.now_ns() - began) / 1e9)
        assert (await Desk(paper, Book.LIVE).send(entry(SCALPING) + " ")).reason == reason


@pytest.mark.parametrize("decided", [True, False], ids=["written-down", "message-alone"])
async def test_a_row_that_only_updates_tell_of_has_the_facts_of_its_decision(
    tmp_path: Path, virtual_clock: VirtualClock, decided: bool
) -> None:
    home = tmp_path / "home"
    async with host(home, virtual_clock, shadow=False) as paper:
        desk = Desk(paper, Book.LIVE)
        await desk.trending()
        for profile in PROFILES:
            await desk.enter(profile)
    for profile in PROFILES:
        change(home, f"DELETE FROM {profile.table}")
    change(home, "UPDATE v6_signals_log SET trade_id = NULL, trade_placed = 0")
    if not decided:
        change(home, "UPDATE v6_signals_log SET decided = NULL")
    updates_again(home)
    async with host(home, virtual_clock, shadow=False) as paper:
        desk = Desk(paper, Book.LIVE)
        await paper.settled()
        (scalp,), (pair,), (intraday,), (swing,) = (desk.table(profile) for profile in PROFILES)
    assert (scalp["adx"], scalp["adx_strength"], scalp["confidence_level"]) == (30.0, "STRONG", "HIGH")
    assert {row["confidence_score"] for row in (scalp, pair, intraday, swing)} == {90}
    known = (scalp["spread_pips"], pair["trend_15m_aligned"], intraday["pulse_bull_count"], swing["trend_4h"])
    assert known == ((1.8, 1, 10, 1) if decided else (None, None, None, None))
    state = "TRENDING_BULLISH" if decided else None
    assert (scalp["market_state"], intraday["market_state"]) == (state, state)


class Silent:
    """A broker that answers no request and no question until it is let: `timeout_after_execute` and a line
    that is down."""

    def __init__(self, paper: PaperHost) -> None:
        self._broker: Any = paper.host.broker
        self._kept = {name: getattr(self._broker, name) for name in ("positions", "deals", "submit")}
        self.requests: list[Any] = []
        setattr(self._broker, "submit", self._submit)  # noqa: B010 - it is a method

    async def _submit(self, request: Any) -> Any:
        for name in ("positions", "deals"):
            setattr(self._broker, name, self._away)
        self.requests.append(request)
        raise OutcomeUnknown("no answer", "look it up")

    async def _away(self, *_: object, **__: object) -> Any:
        raise BrokerOffline("no line", "wait")

    async def back(self, *, executed: bool) -> None:
        """The line is up again; what was asked for had been executed, or had not."""
        for name, method in self._kept.items():
            setattr(self._broker, name, method)
        for request in self.requests if executed else ():
            await self._broker.submit(request)


@pytest.mark.parametrize("executed", [True, False])
async def test_the_log_learns_what_became_of_an_order_without_an_outcome(
    tmp_path: Path, virtual_clock: VirtualClock, executed: bool
) -> None:
    async with host(tmp_path / "home", virtual_clock, shadow=False) as paper:
        desk, broker = Desk(paper, Book.LIVE), Silent(paper)
        answer = await paper.post(entry(SCALPING))
        await paper.host.loop.quiet()
        row = next(row for row in await paper.alerts() if row.id == answer.body["id"])
        assert desk.logged(row)["skip_reason"] == "unresolved"
        await broker.back(executed=executed)
        await paper.advance(40)
        logged = desk.logged(row)
        if not executed:
            assert (logged["trade_id"], logged["trade_placed"]) == (None, 0)
            assert (logged["skip_reason"], desk.table(SCALPING)) == ("broker_offline", [])
            return
        (trade,) = desk.table(SCALPING)
        assert (logged["trade_id"], logged["skip_reason"]) == (trade["id"], None)
        assert trade["spread_pips"] == 1.8


@pytest.mark.parametrize("executed", [True, False])
async def test_an_order_without_an_outcome_answers_for_its_entry_after_the_worker_died(
    tmp_path: Path, virtual_clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, executed: bool
) -> None:
    """The worker dies after it has asked for the order and before it notes anything; by then its filters
    would refuse the entry."""
    stricter = {"settings": {"entry_conditions": {"confidence_threshold": 95.0}}}
    async with host(tmp_path / "home", virtual_clock, shadow=False) as paper:
        desk, broker, plugins = Desk(paper, Book.LIVE), Silent(paper), paper.host.plugins
        deliver, note = plugins.deliver, handling._note_trade
        deaths: list[object] = []

        async def die(*arguments: Any) -> str | None:
            if not deaths:
                deaths.append(await plugins.configure(SCALPING.id, {"shadow_mode": False, **stricter}))
                raise RuntimeError("here the worker dies")
            return await note(*arguments)

        async def delivered(plugin: str, alert: Alert) -> Decision:
            try:
                return await deliver(plugin, alert)
            except PluginError as error:
                raise WorkerDied(error.message) from error

        monkeypatch.setattr(handling, "_note_trade", die)
        monkeypatch.setattr(plugins, "deliver", delivered)
        answer = await paper.post(entry(SCALPING))
        await paper.advance(5)
        row = next(row for row in await paper.alerts() if row.id == answer.body["id"])
        decision = (await paper.story(row.id)).decisions[SCALPING.id]
        assert (len(deaths), len(broker.requests)) == (1, 1), "it died once, and one order was sent"
        assert (outcome(row), decision.action, decision.reason) == (("done", None), "entry", "unresolved")
        assert decision.data["repeated"]
        assert (desk.logged(row)["processed"], desk.logged(row)["skip_reason"]) == (1, "unresolved")
        await broker.back(executed=executed)
        await paper.advance(40)
        reasons = (None, 1) if executed else ("broker_offline", 0)
        assert (desk.logged(row)["skip_reason"], desk.logged(row)["trade_placed"]) == reasons
        assert len(desk.table(SCALPING)) == len(await desk.positions()) == int(executed)


async def test_an_entry_its_plugin_never_handled_has_no_reason_in_the_log(
    tmp_path: Path, virtual_clock: VirtualClock
) -> None:
    async with host(tmp_path / "home", virtual_clock, shadow=False) as paper:
        desk = Desk(paper, Book.LIVE)
        paper.host.loop.hold()
        answer = await paper.post(entry(SCALPING))
        paper.clock.advance(3600)
        paper.host.loop.release()
        await paper.settled()
        row = next(row for row in await paper.alerts() if row.id == answer.body["id"])
        assert row.reason == "expired"
        assert (desk.logged(row)["processed"], desk.logged(row)["skip_reason"]) == (0, None)


async def test_a_share_that_was_filled_in_part_is_topped_up_once(
    tmp_path: Path, virtual_clock: VirtualClock
) -> None:
    home = tmp_path / "home"
    async with host(home, virtual_clock, shadow=False) as paper:
        desk = Desk(paper, Book.LIVE)
        await desk.trending()
        await desk.enter(SWING)
        (whole,) = await desk.positions()
    async with host(home, virtual_clock, shadow=False, faults="partial:1") as paper:
        leaving = await Desk(paper, Book.LIVE).leave(SWING)
        (left,) = await paper.positions()
    assert left.volume == whole.volume / 2, "a half of each close is filled, the last crumb whole"
    deliver_again(home, leaving, crashed=True)
    async with host(home, virtual_clock, shadow=False) as paper:
        await paper.settled()
        (again,) = await paper.positions()
        assert again.volume == left.volume
