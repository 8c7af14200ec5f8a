"""What the outbox holds is told: at least once, the urgent first, and trouble is waited out."""

import asyncio
import json
from functools import partial

import pytest
from tests.core.notify.conftest import Post
from tests.core.notify.receiver import Receiver, drips, hangs, says, writes

from zepix_core.errors import StorageError
from zepix_core.journal import channels
from zepix_core.model.notice import Priority


async def test_a_notice_leaves_as_json_with_its_key(post: Post) -> None:
    with Receiver() as receiver:
        await post.begin(receiver)
        number = await post.put("bought", symbol="EURUSD", plugin="p", data={"lots": 0.1}, alert_id=7)
        (taken,) = await asyncio.to_thread(receiver.wait, 1)
        await post.told()
    assert taken.line == "POST /hooks/very-secret-path HTTP/1.1"
    assert taken.json == {
        "key": f"{number}-{post.clock.now_ns()}", "time": "2026-01-12T12:05:00.000Z", "priority": "HIGH",
        "type": "entry", "text": "bought", "plugin": "p", "symbol": "EURUSD", "alert_id": 7,
        "data": {"lots": 0.1}, "notices": [number], "chain": f"0:{'0' * 32}",
    }  # fmt: skip
    assert taken.headers["idempotency-key"] == taken.json["key"]
    assert taken.headers["content-type"] == "application/json"
    assert post.states() == [(number, "sent", "")]


async def test_discords_form_is_filled_and_escaped(post: Post) -> None:
    nasty = 'say "{symbol}" \\ \n</b> \x00 ü \u2028'
    with Receiver() as receiver:
        await post.begin(receiver, template='{"content": "{text}", "allowed_mentions": {"parse": []}}')
        await post.put(nasty, symbol="EURUSD")
        (taken,) = await asyncio.to_thread(receiver.wait, 1)
    assert taken.json == {"content": nasty, "allowed_mentions": {"parse": []}}


async def test_headers_of_the_settings_go_along(post: Post) -> None:
    with Receiver() as receiver:
        await post.begin(receiver, headers={"Authorization": "Bearer very-secret-word"})
        await post.put("bought")
        (taken,) = await asyncio.to_thread(receiver.wait, 1)
        assert taken.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert taken.headers["authorization"] == "Bearer very-secret-word"


async def test_what_is_less_urgent_than_wished_stays_here(post: Post) -> None:
    with Receiver() as receiver:
        await post.begin(receiver)
        await post.put("stop moved", Priority.MEDIUM)
        await post.put("bought")
        await post.told()
        assert receiver.texts() == ["bought"]


async def test_critical_goes_first_and_the_others_in_order(post: Post) -> None:
    with Receiver(says(503), says(204)) as receiver:
        await post.begin(receiver, Priority.INFO)
        await post.put("first")
        await asyncio.to_thread(receiver.wait, 1)
        await post.until(lambda: post.sender.row().state == "retrying")
        await post.put("routed", Priority.INFO, "info")
        await post.put("second")
        await post.put("dead", Priority.CRITICAL, "alert_error")
        await post.told()
        assert receiver.texts() == ["first", "dead", "first", "second", "routed"]


async def test_a_retry_after_is_kept_to_the_second_even_by_what_is_critical(post: Post) -> None:
    with Receiver(says(429, '{"retry_after": 6.0}', Retry_After="6"), says(204)) as receiver:
        await post.begin(receiver)
        await post.put("bought")
        await asyncio.to_thread(receiver.wait, 1)
        await post.until(lambda: post.sender.row().state == "retrying")
        await post.put("dead", Priority.CRITICAL)
        for _ in range(12):
            post.clock.advance(0.5)
            await post.quiet(0.01)
        assert len(receiver.taken) == 1
        assert post.sender.row().next_try == "2026-01-12T12:05:06.100Z"
        post.clock.advance(0.2)
        await post.told()
        assert receiver.texts() == ["bought", "dead", "bought"]
    assert post.rows("SELECT tries FROM outbox_deliveries WHERE notice_id = 1") == [(1,)]


async def test_trouble_is_waited_out_with_growing_pauses(post: Post) -> None:
    with Receiver(says(500)) as receiver:
        await post.begin(receiver)
        await post.put("bought")
        for count, pause in enumerate((0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0), 1):
            await asyncio.to_thread(receiver.wait, count)
            await post.until(partial(_tried, post, count))
            post.clock.advance(pause - 0.01)
            await post.quiet(0.01)
            assert len(receiver.taken) == count
            post.clock.advance(0.02)
        receiver.behaviours[0] = says(200)
        await asyncio.to_thread(receiver.wait, 10)
        post.clock.advance(60.0)
        await post.told()
    assert len({one.json["key"] for one in receiver.taken}) == 1
    text = f"[2026-01-12T12:05:00.000Z] {'bought'}"
    assert receiver.texts()[-1] == text
    (trouble,) = post.rows("SELECT priority, text FROM outbox WHERE type = 'delivery_trouble'")
    assert trouble[0] == Priority.MEDIUM
    assert "took no notices for" in trouble[1]


def _tried(post: Post, count: int) -> bool:
    return post.rows("SELECT tries FROM outbox_deliveries") == [(count,)]


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (hangs, "no whole answer within 0.2 s"),
        (drips, "no whole answer within 0.2 s"),
        (writes(b"\x00\xff\x16\x03 nothing that is HTTP\r\n\r\n"), "does not speak HTTP"),
        (writes(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"), "does not speak HTTP"),
        (writes(b"HTTP/1.1 200 " + b"x" * 100_000), "does not speak HTTP"),
        (lambda _: None, "ended the connection without an answer"),
        (says(408), "answered 408"),
        (says(502, "bad\x1b[31m gateway"), "answered 502: bad [31m gateway"),
        (says(599), "answered 599"),
    ],
)
async def test_what_may_pass_is_tried_again_and_then_told(post: Post, behaviour: object, said: str) -> None:
    with Receiver(behaviour, says(204)) as receiver:  # type: ignore[arg-type]
        await post.begin(receiver, seconds=0.2)
        await post.put("bought")
        await post.until(lambda: post.sender.row().state == "retrying")
        row = post.sender.row()
        assert said in row.error
        assert "very-secret-path" not in row.error
        await post.told_in_time()
        assert post.sender.row().state == "fine"
        assert set(receiver.texts()) == {"bought"}
        assert len({one.json["key"] for one in receiver.taken}) == 1


async def test_an_answer_that_is_larger_than_anybody_reads_still_counts(post: Post) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"
    with Receiver(writes(head + b"x" * 500_000)) as receiver:
        await post.begin(receiver)
        await post.put("bought")
        await post.told()
    assert post.states() == [(1, "sent", "")]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
async def test_a_refusal_is_final_and_the_next_goes_on(post: Post, status: int) -> None:
    body = json.dumps({"message": "no webhook at very-secret-path"})
    with Receiver(says(status, body), says(204)) as receiver:
        await post.begin(receiver)
        await post.put("bought")
        await post.told()
        row = post.sender.row()
        assert (row.state, row.failed) == ("refusing", 1)
        await post.put("sold")
        await post.told()
        row = post.sender.row()
        assert (row.state, row.sent, row.failed) == ("fine", 1, 1)
    assert receiver.texts() == ["bought", "sold"]
    (failed, _) = post.states()
    assert failed[:2] == (1, "failed")
    assert failed[2].startswith(f"answered {status}: ")
    assert "very-secret-path" not in failed[2]


async def test_a_redirect_is_not_followed(post: Post) -> None:
    with Receiver() as elsewhere, Receiver(says(302, Location=elsewhere.url)) as receiver:
        await post.begin(receiver)
        await post.put("bought")
        await post.told()
        assert elsewhere.taken == []
    assert post.states()[0][1:] == ("failed", "answered 302; it leads elsewhere, which is not followed")


async def test_nobody_there_is_trouble_that_passes(post: Post) -> None:
    with Receiver() as receiver:
        await post.begin(receiver)
        receiver.close()
        await asyncio.to_thread(receiver.closed)
        await post.put("bought")
        await post.until(lambda: post.sender.row().state == "retrying")
    assert "cannot be reached: Connection refused" in post.sender.row().error
    assert post.sender.row().waiting == 1


async def test_a_critical_notice_does_not_wait_for_the_end_of_a_pause(post: Post) -> None:
    with Receiver(says(500), says(204)) as receiver:
        await post.begin(receiver)
        await post.put("bought")
        await post.until(lambda: post.sender.row().state == "retrying")
        await post.put("dead", Priority.CRITICAL)
        await post.told()
        assert receiver.texts() == ["bought", "dead", "bought"]


async def test_one_notice_the_receiver_fails_on_does_not_hold_up_the_others(post: Post) -> None:
    with Receiver(*[says(500)] * 5, says(204), says(500), says(204), says(204)) as receiver:
        await post.begin(receiver)
        for text in ("poison", "second", "third"):
            await post.put(text)
        await post.told_in_time()
        texts = [text.partition("] ")[2] or text for text in receiver.texts()]
        assert texts == [*["poison"] * 5, "second", "poison", "third", "poison"]
        assert {state for _, state, _ in post.states()} == {"sent"}


async def test_what_is_low_and_old_is_dropped_with_a_count_and_the_rest_stays(post: Post) -> None:
    with Receiver(says(500)) as receiver:
        await post.begin(receiver, Priority.INFO)
        await post.put("bought")
        await post.until(lambda: post.sender.row().state == "retrying")
        for number in range(3):
            await post.put(f"low {number}", Priority.LOW, "trend_changed")
        await post.put("moved", Priority.MEDIUM, "sl_modified")
        post.clock.advance(599.0)
        await post.quiet()
        assert post.sender.row().dropped == 0
        receiver.behaviours[0] = says(204)
        post.clock.advance(2.0)
        await post.told()
        assert post.sender.row().dropped == 3
    assert not any("low" in text for text in receiver.texts())
    assert {text[27:] for text in receiver.texts()[-3:-1]} <= {"bought", "moved"}
    (trouble,) = post.rows("SELECT text FROM outbox WHERE type = 'delivery_trouble'")
    assert "3 of little weight were too old and are dropped" in trouble[0]


async def test_many_low_notices_of_one_type_are_told_together(post: Post) -> None:
    with Receiver(says(500), says(204)) as receiver:
        await post.begin(receiver, Priority.INFO)
        await post.put("first", Priority.INFO, "info")
        await post.until(lambda: post.sender.row().state == "retrying")
        for number in range(10):
            await post.put(f"trend {number}", Priority.LOW, "trend_changed", symbol="XAUUSD")
        for number in range(11):
            await post.put(f"route {number}", Priority.INFO, "info")
        for number in range(12):
            await post.put(f"bought {number}")
        post.clock.advance(1.0)
        await post.told()
        last = receiver.taken[-1].json
        texts = receiver.texts()
    assert texts[1:13] == [f"bought {number}" for number in range(12)]
    assert texts[13:23] == [f"trend {number}" for number in range(10)]
    assert len(texts) == 24
    assert last["text"].split("\n") == ["12 notices: info", "first", *[f"route {n}" for n in range(11)]]
    assert len(last["notices"]) == 12
    assert [state for _, state, _ in post.states()].count("merged") == 11


async def test_what_was_not_told_when_the_host_was_killed_is_told_by_the_next(post: Post) -> None:
    with Receiver(hangs, says(204)) as receiver:
        await post.begin(receiver)
        await post.put("bought")
        await asyncio.to_thread(receiver.wait, 1)
        await post.end()
        await post.put("sold")
        await post.begin(receiver)
        await post.told()
        keys = [one.json["key"] for one in receiver.taken]
    assert receiver.texts() == ["bought", "bought", "sold"]
    assert keys[0] == keys[1] != keys[2]


async def test_a_new_channel_begins_with_what_comes_now(post: Post) -> None:
    await post.put("long ago")
    with Receiver() as receiver:
        await post.begin(receiver)
        await post.put("now")
        await post.told()
        await post.end()
        await post.journal.run(partial(channels.leave_others, channels=[]))
        await post.put("while it was not set")
        await post.begin(receiver)
        await post.put("again")
        await post.told()
        assert receiver.texts() == ["now", "again"]


async def test_what_was_told_and_cannot_be_written_is_not_told_again(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Receiver() as receiver:
        await post.begin(receiver)
        await post.put("bought")
        await post.told()
        run = post.journal.run

        async def full(_: object) -> None:
            raise StorageError("the disk is full.")

        await post.put("sold")
        monkeypatch.setattr(post.journal, "run", full)
        await post.until(lambda: len(receiver.taken) == 2)
        for _ in range(5):
            post.clock.advance(1.0)
            await post.quiet(0.01)
        monkeypatch.setattr(post.journal, "run", run)
        post.clock.advance(1.0)
        await post.until(lambda: len(post.states()) == 2)
        assert receiver.texts() == ["bought", "sold"]
