"""The ways to people of a host: a real account needs one, failures of ours end no trading, old notices go."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.core.notify.conftest import Post
from tests.core.notify.receiver import Receiver, says

from zepix_core.broker.inline import InlineBroker
from zepix_core.broker.paper.opening import open_paper
from zepix_core.broker.port import GatewayHello
from zepix_core.clock import SystemClock
from zepix_core.config.files import load_settings
from zepix_core.config.home import Home
from zepix_core.config.notify import NotifySettings, OutgoingWebhook
from zepix_core.config.profiles import prepare
from zepix_core.config.settings import HostSettings
from zepix_core.errors import SettingsError
from zepix_core.host import Host
from zepix_core.journal import channels
from zepix_core.journal.notice_rows import list_notices
from zepix_core.lifeline import RESTARTS, Lifeline, one_for_one
from zepix_core.model.account import AccountInfo
from zepix_core.model.notice import Priority
from zepix_core.notify.channel import Later, Outcome
from zepix_core.notify.message import Message
from zepix_core.notify.messenger import FIRST_TIDY_SECONDS, TIDY_SECONDS, Messenger
from zepix_core.notify.needed import require_channel
from zepix_core.notify.sender import Sender
from zepix_core.notify.trial import tell_directly
from zepix_core.testing.clock import VirtualClock

DAY = 86_400
REAL = AccountInfo(
    login=1, server="Live", currency="USD", balance=1.0, equity=1.0, margin=0.0, margin_free=1.0,
    leverage=100, trade_mode="real",
)  # fmt: skip


class Breaking:
    """A channel of which our own side is broken."""

    name, where = "webhook", "nowhere"

    async def tell(self, message: Message) -> Outcome:
        raise RuntimeError(f"broken at {message.key}")


class Away:
    """A channel that is never there."""

    name, where = "webhook", "nowhere"

    async def tell(self, _: Message) -> Outcome:
        return Later(reason="away")


@pytest.fixture
async def life() -> AsyncIterator[Lifeline]:
    made = Lifeline()
    yield made
    await made.end_tasks()


def messenger(post: Post, life: Lifeline, **webhook: Any) -> Messenger:
    settings = NotifySettings(webhook=OutgoingWebhook(**webhook))
    return Messenger(settings, post.journal, post.clock, life, lambda: 1.0)


@pytest.mark.parametrize(
    ("live", "mode", "url", "confirmed", "starts"),
    [
        (True, "real", "", False, False),
        (True, "real", "", True, True),
        (True, "real", "https://h/x", False, True),
        (True, "demo", "", False, True),
        (True, "contest", "", False, True),
        (False, "real", "", False, True),
    ],
)
def test_real_money_needs_a_channel_or_the_word_that_none_is_wanted(
    live: bool, mode: str, url: str, confirmed: bool, starts: bool
) -> None:
    notify = NotifySettings(no_channel_confirmed=confirmed, webhook=OutgoingWebhook(url=url))
    settings = HostSettings(live=live, notify=notify)
    account = attrs.evolve(REAL, trade_mode=mode)
    if starts:
        require_channel(settings, account)
        return
    with pytest.raises(SettingsError, match="nobody would hear") as refused:
        require_channel(settings, account)
    assert refused.value.exit_code == 4
    assert "notify.webhook.url" in refused.value.hint
    assert "no_channel_confirmed = true" in refused.value.hint


async def test_a_test_goes_the_way_of_all_notices_and_tells_the_answer(post: Post, life: Lifeline) -> None:
    with Receiver(says(204), says(403, "no"), says(503)) as receiver:
        made = messenger(post, life, url=receiver.url, min_priority="CRITICAL")
        await made.start()
        answers = [(await made.test("cli:me"))[0] for _ in range(3)]
    assert [(one.state, one.status) for one in answers] == [("sent", 204), ("failed", 403), ("waiting", 503)]
    assert answers[1].reason == "answered 403: no"
    assert receiver.taken[0].json["priority"] == "CRITICAL"
    assert receiver.taken[0].json["text"].endswith("asked for by cli:me.")


async def test_without_an_address_there_is_no_channel(post: Post, life: Lifeline) -> None:
    made = messenger(post, life)
    await made.start()
    assert made.channels() == ()
    assert await made.test("cli:me") == ()


async def test_what_breaks_on_our_side_is_begun_again_five_times_and_then_off(post: Post) -> None:
    sender = Sender(Breaking(), post.journal, post.clock, Priority.HIGH, lambda: 1.0)
    life = Lifeline()
    made = messenger(post, life)
    made._senders = (sender,)  # one of another kind than settings make
    await made.start()
    await post.until(lambda: sender.holds() is not None)
    number = await post.put("bought")
    for _ in range(RESTARTS + 3):
        post.clock.advance(1.0)
        await post.quiet(0.02)
    assert sender.row().state == "off"
    assert (await made.test("cli:me"))[0].state == "off"
    assert sender.holds() == (number,)
    assert life.exit_code == 0
    await life.end_tasks()


async def test_failures_that_are_far_apart_are_never_too_many() -> None:
    clock, runs = VirtualClock(), 0

    async def work() -> None:
        nonlocal runs
        runs += 1
        if runs < 20:
            await clock.sleep(90.0)
            raise RuntimeError("again")

    task = asyncio.create_task(one_for_one(work, "it", clock))
    while not task.done():
        await asyncio.sleep(0)
        clock.advance(30.0)
    assert runs == 20


async def test_notices_go_after_seven_days_and_those_that_must_be_told_do_not(
    post: Post, life: Lifeline
) -> None:
    sender = Sender(Away(), post.journal, post.clock, Priority.LOW, lambda: 1.0)
    made = messenger(post, life)
    made._senders = (sender,)  # one of another kind than settings make
    await made.start()
    await post.until(lambda: sender.holds() is not None)
    for priority in Priority:
        await post.put(priority.name, priority)
    sender.wake()
    await post.until(lambda: sender.row().waiting == 4)
    await post.until(lambda: post.clock.sleeping > 0)
    post.clock.advance(FIRST_TIDY_SECONDS)
    await post.quiet()
    for seconds in (7 * DAY - 2 * TIDY_SECONDS, TIDY_SECONDS, TIDY_SECONDS, TIDY_SECONDS):
        post.clock.advance(seconds)
        await post.quiet()
    kept = [text for (text,) in post.rows("SELECT text FROM outbox ORDER BY id")]
    assert kept == ["HIGH", "CRITICAL"]
    assert await post.put("newest", Priority.INFO) == 6


async def test_the_newest_notice_stays_so_that_no_id_is_given_twice(post: Post, life: Lifeline) -> None:
    made = messenger(post, life)
    for number in range(3):
        await post.put(str(number))
    await made.start()
    for seconds in (0.0, 8 * DAY, TIDY_SECONDS):
        post.clock.advance(seconds)
        await post.quiet()
    assert post.rows("SELECT id FROM outbox") == [(3,)]
    assert await post.put("next") == 4


async def test_while_nobody_knows_what_was_told_nothing_urgent_goes(post: Post) -> None:
    for priority in (Priority.LOW, Priority.HIGH, Priority.LOW):
        await post.put("x", priority)
    later = post.clock.now_ns() + 8 * DAY * 10**9
    assert await post.journal.read(partial(channels.old, now_ns=later, keep=None)) == (1,)
    assert await post.journal.read(partial(channels.old, now_ns=later, keep=[])) == (1, 2)


async def test_a_listing_says_what_became_of_each_notice(post: Post) -> None:
    with Receiver(says(204), says(400, "bad"), says(500)) as receiver:
        await post.begin(receiver)
        for text in ("sent", "failed", "waiting", "after it"):
            await post.put(text)
        await post.put("low", Priority.LOW)
        await post.until(lambda: post.sender.row().state == "retrying" and len(post.states()) == 3)
        rows = await post.journal.read(partial(list_notices, least={"webhook": Priority.HIGH}))
        told = [[(one.state, one.status, one.reason) for one in row.told] for row in rows]
    assert told == [
        [("sent", 204, "")],
        [("failed", 400, "answered 400: bad")],
        [("waiting", 500, "answered 500")],
        [("waiting", 0, "")],
        [],
    ]
    newest = await post.journal.read(partial(list_notices, limit=1, least={}))
    assert [(row.text, row.priority, row.told) for row in newest] == [("low", "LOW", ())]


async def test_a_test_without_a_host_leaves_directly() -> None:
    with Receiver(says(204), says(404), says(500)) as receiver:
        settings = OutgoingWebhook(url=receiver.url)
        states = [await tell_directly(settings, SystemClock(), "me") for _ in range(3)]
    assert [one.state for one in states if one is not None] == ["sent", "failed", "failed"]
    assert await tell_directly(OutgoingWebhook(), SystemClock(), "me") is None


class RealMoney(InlineBroker):
    """The paper broker, saying that its account is a real one."""

    async def start(self) -> GatewayHello:
        hello = await super().start()
        return attrs.evolve(hello, account=attrs.evolve(hello.account, trade_mode="real"))


@pytest.mark.parametrize(
    ("text", "starts"),
    [("live = true\n", False), ("live = true\nnotify.no_channel_confirmed = true\n", True)],
)
async def test_a_host_on_a_real_account_starts_only_where_somebody_would_hear(
    tmp_path: Path, text: str, starts: bool
) -> None:
    home, clock = Home(tmp_path / "home"), SystemClock()
    prepare(home)
    home.settings_file.write_text(f"plugin_system.enabled = false\n{text}", encoding="utf-8")
    settings = load_settings(home).settings
    paper = open_paper(home.data, settings.paper, {}, clock)
    host = Host(home, settings, clock=clock, broker=RealMoney(paper, clock, 1.0), same_thread=True)
    try:
        if starts:
            await host.start()
        else:
            with pytest.raises(SettingsError, match="The account is a real one"):
                await host.start()
        assert host.front.ready == starts
    finally:
        await host.stop()
