"""The webhook over real loopback connections."""

import asyncio
import json
import logging
import random
import socket
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.core.inbox.plugins import WrittenPlugin, WrittenPlugins
from tests.core.storage.breaking import locked
from tests.core.web.raw_http import RawClient, post

from zepix_core.config.inbox import InboxSettings
from zepix_core.config.webhook import WebhookSettings
from zepix_core.errors import SettingsError
from zepix_core.inbox.store import InboxStore
from zepix_core.model.alert import AlertClass
from zepix_core.storage.connection import Durability, open_writer
from zepix_core.storage.executor import WriterThread
from zepix_core.storage.journal_schema import TABLES
from zepix_core.testing.clock import VirtualClock
from zepix_core.web.webhook import WebhookListener

TOKEN = "the-first-token-of-all"
SECOND = "the-second-token-of-all"
PLUGINS = WrittenPlugins(WrittenPlugin("one", {"entry": AlertClass.ENTRY}), heads=frozenset({"BREAKOUT"}))
SETTINGS = WebhookSettings(port=0)


class Door:
    """A listener on a journal of its own."""

    def __init__(self, listener: WebhookListener, journal: Path, executor: WriterThread) -> None:
        self.listener, self.journal, self.executor = listener, journal, executor
        self.woken = 0

    def client(self) -> RawClient:
        return RawClient(self.listener.port)

    async def ask(self, data: bytes) -> tuple[int, dict[str, Any], dict[str, str]]:
        async with self.client() as client:
            await client.send(data)
            return await client.answer()

    def rows(
        self, query: str = "SELECT id, state, reason, body, token_id FROM inbox ORDER BY id"
    ) -> list[Any]:
        with closing(sqlite3.connect(self.journal)) as reader:
            return reader.execute(query).fetchall()


@asynccontextmanager
async def opened(
    folder: Path, settings: WebhookSettings = SETTINGS, clock: VirtualClock | None = None, **inbox: Any
) -> AsyncIterator[Door]:
    journal = folder / "journal.db"
    with closing(open_writer(journal, Durability.FULL)) as connection:
        connection.executescript(TABLES)
    executor, clock = WriterThread(journal, Durability.FULL), clock or VirtualClock()
    store = InboxStore(executor, clock, attrs.evolve(InboxSettings(), **inbox), PLUGINS)
    tokens = {"main": TOKEN, "old": SECOND}
    woken: list[int] = []
    listener = WebhookListener(store, lambda: woken.append(1), PLUGINS.heads, tokens, settings, clock)
    listener.ready = True
    await listener.start()
    door = Door(listener, journal, executor)
    try:
        yield door
    finally:
        await listener.stop()
        await executor.close()


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with opened(tmp_path) as door:
        yield door


def alert(number: int = 0) -> str:
    return json.dumps({"type": "entry", "n": number})


async def test_an_alert_is_answered_with_its_id_after_it_is_stored(door: Door) -> None:
    status, body, headers = await door.ask(post(alert(), TOKEN))
    assert (status, body) == (200, {"id": 1, "status": "accepted"})
    assert door.rows() == [(1, "new", None, alert(), "main")]
    assert headers["content-type"] == "application/json"
    assert "server" not in headers
    assert "date" in headers


async def test_the_same_body_again_is_answered_as_a_duplicate(door: Door) -> None:
    await door.ask(post(alert(), TOKEN))
    assert (await door.ask(post(alert(), TOKEN)))[:2] == (200, {"id": 1, "status": "duplicate"})
    assert len(door.rows()) == 1


async def test_two_tokens_are_valid_at_once_and_can_be_replaced(door: Door) -> None:
    assert (await door.ask(post(alert(), SECOND)))[0] == 200
    assert door.rows()[0][4] == "old"
    door.listener.set_tokens({"main": TOKEN})
    assert (await door.ask(post(alert(), SECOND)))[0] == 404


async def test_pipe_text_with_a_known_head_is_taken(door: Door) -> None:
    assert (await door.ask(post("BREAKOUT|EURUSD|5|1.1", TOKEN)))[0] == 200


@pytest.mark.parametrize(
    ("body", "status", "code", "reason"),
    [
        (b"", 400, "empty", "malformed_json"),
        (b"{", 400, "malformed_json", "malformed_json"),
        (b'{"price":{{close}}}', 422, "unresolved_placeholder", "unresolved_placeholder"),
        (b"WHAT|IS|THIS", 422, "unknown_type", "unknown_type"),
        (b"\xff\xfe", 400, "malformed_json", "malformed_json"),
    ],
)
async def test_a_bad_body_is_refused_noted_and_not_stored(
    door: Door, body: bytes, status: int, code: str, reason: str
) -> None:
    assert (await door.ask(post(body, TOKEN)))[:2] == (status, {"code": code, "reason": reason})
    await door.listener.stop()
    assert door.rows() == []
    assert door.rows("SELECT kind FROM journal_events") == [("alert_invalid",)]


@pytest.mark.parametrize(
    ("request_line", "header"),
    [
        ("GET / HTTP/1.1", ""),
        ("GET /webhook/" + TOKEN + " HTTP/1.1", ""),
        ("POST /health HTTP/1.1", "Content-Length: 0\r\n"),
        ("POST /webhook/ HTTP/1.1", "Content-Length: 0\r\n"),
        ("POST /webhook/" + TOKEN + "/ HTTP/1.1", "Content-Length: 0\r\n"),
        ("POST /webhook/wrong HTTP/1.1", "Content-Length: 0\r\n"),
        ("POST /webhook/wrong HTTP/1.1", "Content-Length: 5\r\n"),
        ("DELETE /webhook/wrong HTTP/1.1", ""),
        ("OPTIONS * HTTP/1.1", ""),
    ],
)
async def test_everything_but_the_two_routes_and_wrong_tokens_look_alike(
    door: Door, request_line: str, header: str
) -> None:
    answer = await door.ask(f"{request_line}\r\nHost: here\r\n{header}\r\n".encode())
    assert answer[:2] == (404, {"code": "not_found", "reason": "not_found"})


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ("", 411),
        ("Transfer-Encoding: chunked\r\n", 400),
        ("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", 400),
        ("Content-Length: 2\r\nContent-Length: 2\r\n", 400),
        ("Content-Length: 2\r\nContent-Length: 3\r\n", 400),
        ("Content-Length: 2\r\nContent-Encoding: gzip\r\n", 415),
        ("Content-Length: two\r\n", 400),
        ("Content-Length: -2\r\n", 400),
        ("Content-Length: 16385\r\n", 413),
        ("Content-Length: " + "9" * 4000 + "\r\n", 400),
        ("Content-Length: 99999999999999999999\r\n", 413),
        ("X: " + "a" * 8200 + "\r\n", 431),
        ("X: " + "a" * 20000 + "\r\n", 431),
        ("X : 1\r\n", 400),
    ],
)
async def test_headers_are_held_to_the_rules(door: Door, headers: str, status: int) -> None:
    request = f"POST /webhook/{TOKEN} HTTP/1.1\r\nHost: here\r\n{headers}\r\n{{}}"
    answer = await door.ask(request.encode())
    assert answer[0] == status
    assert answer[2]["connection"] == "close"
    assert door.rows() == []


async def test_a_request_line_over_its_limit_is_refused(door: Door) -> None:
    assert (await door.ask(b"GET /" + b"a" * 2100 + b" HTTP/1.1\r\nHost: here\r\n\r\n"))[0] == 414


async def test_a_body_of_16_kib_is_taken_and_one_byte_more_is_not_read(door: Door) -> None:
    largest = alert() + " " * (16_384 - len(alert()))
    assert (await door.ask(post(largest, TOKEN)))[0] == 200
    async with door.client() as client:
        await client.send(post(largest + " ", TOKEN))
        assert (await client.answer())[0] == 413
        assert await client.rest() == b""
    assert len(door.rows()) == 1


async def test_a_caller_that_sends_a_huge_body_still_gets_its_answer(door: Door) -> None:
    async with door.client() as client:
        await client.send(post("x" * 500_000, TOKEN))
        assert (await client.answer())[0] == 413


async def test_not_http_is_refused(door: Door) -> None:
    assert (await door.ask(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\r\n\r\n"))[0] == 400


async def test_what_arrives_in_pieces_is_one_alert(door: Door) -> None:
    async with door.client() as client:
        for piece in (post(alert(), TOKEN)[i : i + 7] for i in range(0, 200, 7)):
            await client.send(piece)
            await asyncio.sleep(0.001)
        assert (await client.answer())[0] == 200


async def test_pipelined_alerts_are_answered_in_their_order(door: Door) -> None:
    async with door.client() as client:
        await client.send(b"".join(post(alert(n), TOKEN) for n in range(20)) + b"GET /health HTTP/1.1\r\n")
        await client.send(b"Host: here\r\n\r\n" + post("{", TOKEN) + post(alert(0), TOKEN))
        answers = [await client.answer() for _ in range(23)]
    assert [(s, b.get("status")) for s, b, _ in answers] == [
        *[(200, "accepted")] * 20,
        (200, None),
        (400, None),
        (200, "duplicate"),
    ]
    assert [row[0] for row in door.rows()] == [b["id"] for _, b, _ in answers[:20]]


async def test_a_head_as_large_as_allowed_is_taken_in_any_pieces(door: Door) -> None:
    request = post(alert(), TOKEN, "X: {}")
    line, fields = request.index(b"\r\n"), request.index(b"\r\n\r\n")
    whole = request.replace(b"{}", b"a" * (SETTINGS.max_header_bytes - (fields - line) + 2), 1)
    head = whole.index(b"\r\n\r\n")
    for cut in range(head - 1, head + 5):
        async with door.client() as client:
            await client.send(whole[:cut])
            await asyncio.sleep(0.001)
            await client.send(whole[cut:])
            assert (await client.answer())[0] == 200
    assert (await door.ask(whole.replace(b"X: a", b"X: aa", 1)))[0] == 431


async def test_lines_that_end_in_a_bare_newline_are_refused_at_once(door: Door) -> None:
    status, body, _ = await door.ask(b"GET /health HTTP/1.1\nHost: here\n\n")
    assert (status, body["code"]) == (400, "bad_request")


async def test_who_asks_for_another_protocol_is_answered_and_hung_up_on(door: Door) -> None:
    async with door.client() as client:
        await client.send(
            post(alert(), TOKEN, "Connection: Upgrade\r\nUpgrade: h2c") + b"PRI * HTTP/2.0\r\n\r\n"
        )
        assert (await client.answer())[0] == 200
        assert await client.rest() == b""
    assert len(door.rows()) == 1


async def test_http_1_0_is_answered_and_hung_up_on(door: Door) -> None:
    async with door.client() as client:
        await client.send(b"GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        status, _, headers = await client.answer()
        assert (status, headers["connection"]) == (200, "close")
        assert await client.rest() == b""


async def test_an_answer_to_head_has_no_body(door: Door) -> None:
    async with door.client() as client:
        await client.send(b"HEAD /health HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        data = await client.rest()
    assert data.startswith(b"HTTP/1.1 404 ")
    assert data.endswith(b"\r\n\r\n")


async def test_who_sends_the_body_at_once_is_not_told_to_continue(door: Door) -> None:
    assert (await door.ask(post(alert(), TOKEN, "Expect: 100-continue")))[0] == 200


async def test_a_half_sent_request_behind_another_has_a_deadline_of_its_own(tmp_path: Path) -> None:
    async with opened(tmp_path, attrs.evolve(SETTINGS, header_seconds=0.2)) as door, door.client() as client:
        await client.send(post(alert(), TOKEN) + post(alert(1), TOKEN)[:30])
        assert (await client.answer())[0] == 200
        assert (await client.answer())[0] == 408
    async with opened(tmp_path, attrs.evolve(SETTINGS, header_seconds=0.2)) as door, door.client() as client:
        await client.send(post(alert(2), TOKEN))
        assert (await client.answer())[0] == 200
        await client.send(b"POST ")
        assert (await client.answer())[0] == 408


async def test_a_second_request_with_two_lengths_is_refused_too(door: Door) -> None:
    async with door.client() as client:
        await client.send(post(alert(), TOKEN) + post("{}", TOKEN, "content-length: 2"))
        assert (await client.answer())[0] == 200
        assert (await client.answer())[0] == 400


async def test_the_words_content_length_in_a_body_harm_nobody(door: Door) -> None:
    body = json.dumps({"note": "x"}, indent=1).replace('"note"', '\n\n"a":1,\ncontent-length: 3"note"')
    assert (await door.ask(post(body, TOKEN)))[1]["code"] == "malformed_json"


async def test_a_caller_that_closes_its_sending_side_gets_all_its_answers(door: Door) -> None:
    async with door.client() as client:
        await client.send(post(alert(1), TOKEN) + post(alert(2), TOKEN))
        client.end()
        data = await client.rest()
    assert data.count(b"HTTP/1.1 200 OK") == 2
    assert data.count(b'"accepted"') == 2


async def test_a_caller_that_waits_for_100_continue_gets_it(door: Door) -> None:
    async with door.client() as client:
        head, _, body = post(alert(), TOKEN, "Expect: 100-continue").partition(b"\r\n\r\n")
        await client.send(head + b"\r\n\r\n")
        assert (await client.answer())[0] == 100
        await client.send(body)
        assert (await client.answer())[0] == 200


async def test_a_half_sent_head_is_closed_at_its_deadline(tmp_path: Path) -> None:
    async with opened(tmp_path, attrs.evolve(SETTINGS, header_seconds=0.05)) as door, door.client() as client:
        await client.send(post(alert(), TOKEN)[:30])
        assert (await client.answer())[0] == 408
        assert await client.rest() == b""


async def test_a_silent_connection_is_closed_at_the_deadline(tmp_path: Path) -> None:
    async with opened(tmp_path, attrs.evolve(SETTINGS, header_seconds=0.05)) as door, door.client() as client:
        assert (await client.answer())[0] == 408


async def test_a_half_sent_body_is_closed_at_its_deadline_and_not_stored(tmp_path: Path) -> None:
    async with (
        opened(tmp_path, attrs.evolve(SETTINGS, request_seconds=0.1)) as door,
        door.client() as client,
    ):
        await client.send(post(alert(), TOKEN, length=500))
        assert (await client.answer())[0] == 408
        assert await client.rest() == b""
        assert door.rows() == []


async def test_a_body_cut_off_by_the_callers_end_is_not_stored(door: Door) -> None:
    async with door.client() as client:
        await client.send(post(alert(), TOKEN, length=500))
        client.end()
        assert (await client.answer())[0] == 400
    assert door.rows() == []


async def test_after_ten_wrong_tokens_in_a_minute_a_source_gets_429(tmp_path: Path) -> None:
    clock = VirtualClock()
    async with opened(tmp_path, clock=clock) as door:
        statuses = [(await door.ask(post("{}", f"wrong{n}")))[0] for n in range(12)]
        assert statuses == [404] * 10 + [429] * 2
        assert (await door.ask(post("", "wrong", length=16_000)))[0] == 429
        assert (await door.ask(post(alert(), TOKEN)))[0] == 200
        clock.advance(60)
        assert (await door.ask(post("{}", "wrong")))[0] == 404


async def test_only_four_characters_of_a_token_are_logged(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await door.ask(post("{}", "guessed-secret-token"))
        await door.ask(post(alert(), TOKEN))
    assert "gues" in caplog.text
    assert "guessed" not in caplog.text
    assert TOKEN not in caplog.text


async def test_health_and_alerts_say_503_until_the_host_is_ready(door: Door) -> None:
    health = b"GET /health HTTP/1.1\r\nHost: here\r\n\r\n"
    assert (await door.ask(health))[:2] == (200, {"ok": True, "boot": ""})
    door.listener.ready = False
    assert (await door.ask(health))[:2] == (503, {"ok": False, "boot": ""})
    status, body, headers = await door.ask(post(alert(), TOKEN))
    assert (status, body["code"], headers["retry-after"]) == (503, "not_ready", "5")
    assert door.rows() == []


async def test_a_journal_that_cannot_be_written_is_a_503_to_try_again(door: Door) -> None:
    with closing(sqlite3.connect(door.journal)) as other:
        other.execute("DROP TABLE inbox")
        other.commit()
    status, body, headers = await door.ask(post(alert(), TOKEN))
    assert (status, body["code"], headers["retry-after"]) == (503, "storage", "5")


async def test_a_full_inbox_is_a_503_to_try_again(tmp_path: Path) -> None:
    async with opened(tmp_path, waiting_limit=1) as door:
        await door.ask(post(alert(1), TOKEN))
        status, body, headers = await door.ask(post(alert(2), TOKEN))
        assert (status, body["code"], headers["retry-after"]) == (503, "inbox_full", "5")


async def test_a_fault_of_ours_after_the_commit_is_still_a_200(door: Door) -> None:
    def broken() -> None:
        raise RuntimeError("the loop is gone")

    door.listener.on_stored = broken
    assert (await door.ask(post(alert(), TOKEN)))[0] == 200
    assert len(door.rows()) == 1


async def test_200_at_the_same_time_are_all_stored_and_answered(door: Door) -> None:
    answers = await asyncio.gather(*(door.ask(post(alert(n), TOKEN)) for n in range(200)))
    assert {(status, body["status"]) for status, body, _ in answers} == {(200, "accepted")}
    stored = {row[0]: row[3] for row in door.rows()}
    assert {stored[body["id"]] for _, body, _ in answers} == {alert(n) for n in range(200)}


async def test_a_source_with_too_many_silent_connections_is_told_to_wait_its_turn(tmp_path: Path) -> None:
    settings = attrs.evolve(SETTINGS, max_connections_per_source=3)
    async with opened(tmp_path, settings) as door:
        silent = [await door.client().__aenter__() for _ in range(3)]
        assert (await door.ask(post(alert(1), TOKEN)))[0] == 429
        await silent[0].__aexit__()
        assert (await door.ask(post(alert(1), TOKEN)))[0] == 200
        for client in silent[1:]:
            await client.__aexit__()


async def test_an_answered_connection_makes_room_for_a_newcomer(tmp_path: Path) -> None:
    settings = attrs.evolve(SETTINGS, max_connections_per_source=1)
    async with opened(tmp_path, settings) as door, door.client() as kept:
        await kept.send(post(alert(1), TOKEN))
        await kept.answer()
        assert (await door.ask(post(alert(2), TOKEN)))[0] == 200
        assert await kept.rest() == b""


async def test_connections_over_the_total_are_closed(tmp_path: Path) -> None:
    async with opened(tmp_path, attrs.evolve(SETTINGS, max_connections=2)) as door:
        async with door.client(), door.client(), door.client() as third:
            with pytest.raises((EOFError, ConnectionError)):
                await third.answer()
        await asyncio.sleep(0.01)
        assert (await door.ask(post(alert(1), TOKEN)))[0] == 200
    assert len(door.listener.door) == 0


async def test_a_stop_answers_what_is_being_stored_and_closes_the_rest(tmp_path: Path) -> None:
    async with opened(tmp_path) as door, door.client() as silent, door.client() as sender:
        await sender.send(post(alert(), TOKEN))
        while not door.rows():  # noqa: ASYNC110 (a row appears in a file)
            await asyncio.sleep(0.001)
        await door.listener.stop()
        assert (await sender.answer())[1]["id"] == 1
        assert await silent.rest() == b""


async def test_a_port_in_use_is_told_with_a_hint(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = attrs.evolve(SETTINGS, port=taken.getsockname()[1])
        with pytest.raises(SettingsError, match="port"):
            async with opened(tmp_path, settings):
                pass


async def test_any_garbage_is_refused_or_hung_up_on_and_never_a_5xx(door: Door) -> None:
    chance = random.Random(7)
    request = post(alert(), TOKEN, "X-More: yes")
    for _ in range(150):
        rude = bytearray(request)
        for _ in range(chance.randint(1, 12)):
            rude[chance.randrange(len(rude))] = chance.randrange(256)
        async with door.client() as client:
            await client.send(bytes(rude[: chance.randint(1, len(rude))]))
            client.end()
            data = await client.rest()
        assert data == b"" or data[9:10] in (b"2", b"4"), data
    assert (await door.ask(post(alert(1), TOKEN)))[0] == 200


@pytest.fixture(autouse=True)
def no_leaked_errors(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A connection that fails by a fault of ours shows in the log, asyncio's or its own."""
    yield
    texts = [record.getMessage() for record in caplog.records if record.name == "asyncio"]
    assert not texts
    assert "fault of ours" not in caplog.text


async def test_a_database_that_does_not_come_back_is_a_503_before_the_sender_gives_up(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zepix_core.web.webhook_connection.STORE_SECONDS", 0.05)
    with locked(door.journal):
        async with door.client() as client:
            await client.send(post(alert(), TOKEN))
            status, body, headers = await client.answer()
        assert (status, body["code"], headers["retry-after"]) == (503, "storage", "5")
    await door.executor.run(lambda connection: None)
    status, body, _ = await door.ask(post(alert(), TOKEN))
    assert (status, body["status"]) == (200, "duplicate")
    assert len(door.rows()) == 1
