"""One connection of the webhook: whose time runs when, who waits, and who is not waited for."""

import asyncio
import logging
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.core.web.raw_http import RawClient, post
from tests.core.web.test_webhook import SETTINGS, TOKEN, Door, alert, opened

from zepix_core.web import webhook, webhook_connection
from zepix_core.web.webhook_connection import (
    LINGER_BYTES,
    MOST_STRANGE,
    PARTS_A_TURN,
    WebhookConnection,
)

HEALTH = b"GET /health HTTP/1.1\r\nHost: here\r\n\r\n"
NO_ALERT = post("{", TOKEN)
HIGH_WATER = 65_536


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with opened(tmp_path) as door:
        yield door


@contextmanager
def deaf_caller(door: Door, holds: int = 4096) -> Iterator[socket.socket]:
    """Sends, and reads no answer; the system keeps few bytes for either side."""
    assert door.listener._server is not None
    listening = door.listener._server.sockets[0].fileno()
    with socket.fromfd(listening, socket.AF_INET, socket.SOCK_STREAM) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, holds)
    with socket.socket() as caller:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, holds)
        caller.connect(("127.0.0.1", door.listener.port))
        caller.setblocking(False)
        yield caller


async def send_for_ever(caller: socket.socket, data: bytes) -> None:
    async with asyncio.timeout(10):
        while True:
            await asyncio.get_running_loop().sock_sendall(caller, data)


async def answers(client: RawClient, count: int) -> list[tuple[int, dict[str, Any], dict[str, str]]]:
    return [await client.answer() for _ in range(count)]


async def stuff(door: Door, caller: socket.socket) -> None:
    """Send until answers stay with the webhook, though not so many that it stops to read."""
    left = 0
    async with asyncio.timeout(10):
        while not left:
            await asyncio.get_running_loop().sock_sendall(caller, NO_ALERT * 200)
            await asyncio.sleep(0.02)
            (connection,) = door.listener.connections
            while connection._buffer:  # noqa: ASYNC110 (nothing tells it)
                await asyncio.sleep(0.01)
            left = stream_of(connection).get_write_buffer_size()
    assert left < HIGH_WATER


def stream_of(connection: WebhookConnection) -> asyncio.Transport:
    stream = connection._transport
    assert stream is not None
    return stream


async def gone(door: Door) -> None:
    """Every connection has left the door."""
    async with asyncio.timeout(10):
        while len(door.listener.door):  # noqa: ASYNC110 (nothing tells it)
            await asyncio.sleep(0.01)


async def test_each_request_of_a_kept_connection_has_deadlines_of_its_own(tmp_path: Path) -> None:
    settings = attrs.evolve(SETTINGS, header_seconds=0.5, request_seconds=0.5)
    head, _, body = post(alert(2), TOKEN).partition(b"\r\n\r\n")
    async with opened(tmp_path, settings) as door, door.client() as client:
        await client.send(post(alert(1), TOKEN))
        assert (await client.answer())[0] == 200
        await asyncio.sleep(0.6)
        await client.send(head + b"\r\n\r\n")
        await asyncio.sleep(0.05)
        await client.send(body)
        assert (await client.answer())[:2] == (200, {"id": 2, "status": "accepted"})


async def test_a_head_that_came_with_the_request_before_has_a_deadline_of_its_own(tmp_path: Path) -> None:
    settings = attrs.evolve(SETTINGS, header_seconds=0.5, request_seconds=0.5)
    async with opened(tmp_path, settings) as door, door.client() as client:
        first, second = post(alert(1), TOKEN), post(alert(2), TOKEN)
        await client.send(first[:-1])
        await asyncio.sleep(0.4)
        await client.send(first[-1:] + second[:-1])
        assert (await client.answer())[0] == 200
        await asyncio.sleep(0.3)
        await client.send(second[-1:])
        assert (await client.answer())[0] == 200


async def test_a_half_sent_body_on_a_kept_connection_is_closed_at_its_deadline(tmp_path: Path) -> None:
    settings = attrs.evolve(SETTINGS, request_seconds=0.2)
    async with opened(tmp_path, settings) as door, door.client() as client:
        await client.send(post(alert(1), TOKEN))
        assert (await client.answer())[0] == 200
        await client.send(post(alert(2), TOKEN)[:-1])
        assert (await client.answer())[0] == 408


async def test_a_connection_over_its_sources_number_is_not_served_before_its_turn(tmp_path: Path) -> None:
    settings = attrs.evolve(SETTINGS, max_connections_per_source=1)
    async with opened(tmp_path, settings) as door, door.client() as first, door.client() as second:
        await first.send(b"POST ")
        await asyncio.sleep(0.05)
        await second.send(post(alert(), TOKEN))
        assert (await second.answer())[0] == 429
        assert door.rows() == []


async def test_what_was_sent_before_its_turn_is_served_when_the_turn_comes(tmp_path: Path) -> None:
    settings = attrs.evolve(SETTINGS, max_connections_per_source=1, header_seconds=0.3)
    async with opened(tmp_path, settings) as door, door.client() as second:
        async with door.client() as first:
            await second.__aexit__()
            await second.__aenter__()
            await first.send(HEALTH)
            assert (await first.answer())[0] == 200
            await first.send(b"GET ")
            await second.send(post(alert(1), TOKEN))
            second.end()
            await asyncio.sleep(0.05)
        assert (await second.rest()).startswith(b"HTTP/1.1 200 OK\r\n")
        assert len(door.rows()) == 1


async def test_what_comes_before_its_turn_is_not_all_read(tmp_path: Path) -> None:
    settings = attrs.evolve(SETTINGS, max_connections_per_source=1)
    async with opened(tmp_path, settings) as door, door.client() as first:
        await first.send(b"POST ")
        await asyncio.sleep(0.05)
        with deaf_caller(door) as second:
            sending = asyncio.create_task(send_for_ever(second, b"a" * HIGH_WATER))
            await asyncio.sleep(0.3)
            assert max(len(one._buffer) for one in door.listener.connections) <= LINGER_BYTES
            with pytest.raises(ConnectionError):
                await sending


async def test_a_caller_that_reads_no_answers_is_read_no_further_and_hung_up_on(tmp_path: Path) -> None:
    async with opened(tmp_path, attrs.evolve(SETTINGS, request_seconds=0.5)) as door:
        with deaf_caller(door) as caller:
            sending = asyncio.create_task(send_for_ever(caller, NO_ALERT * 500))
            kept: list[int] = []
            while not sending.done():
                for one in door.listener.connections:
                    kept.append(len(one._buffer) + stream_of(one).get_write_buffer_size())
                await asyncio.sleep(0.001)
            with pytest.raises(ConnectionError):
                await sending
        await gone(door)
    assert HIGH_WATER < max(kept) < 12 * HIGH_WATER


async def test_a_slow_reader_gets_all_its_answers(door: Door) -> None:
    loop, sent, seen, enough = asyncio.get_running_loop(), 0, 0, False
    with deaf_caller(door, holds=HIGH_WATER) as caller:
        while not door.listener.connections:  # noqa: ASYNC110 (nothing tells it)
            await asyncio.sleep(0.01)
        (connection,) = door.listener.connections

        async def send() -> None:
            nonlocal sent
            while not enough:
                await loop.sock_sendall(caller, NO_ALERT * 500)
                sent += 500
            await loop.sock_sendall(caller, post(alert(), TOKEN))

        async with asyncio.timeout(30):
            sending = asyncio.create_task(send())
            while not connection._full:  # noqa: ASYNC110 (nothing tells it)
                await asyncio.sleep(0.01)
            enough, tail = True, b""
            while b'"accepted"' not in tail:
                data = tail + await loop.sock_recv(caller, 1 << 20)
                tail = data[-15:]
                seen += data.count(b"HTTP/1.1 400 Bad") - tail.count(b"HTTP/1.1 400 Bad")
            await sending
    assert seen == sent > 0


async def test_many_requests_at_once_are_taken_in_parts(door: Door) -> None:
    """Whoever else waits for the loop has a go in between."""
    async with door.client() as client:
        await client.send(NO_ALERT)
        await client.answer()
        (connection,) = door.listener.connections
        await client.send(NO_ALERT * 200)
        sizes = [0]
        answered = asyncio.create_task(answers(client, 200))
        while not answered.done():
            await asyncio.sleep(0)
            sizes.append(len(connection._buffer))
    assert [status for status, _, _ in await answered] == [400] * 200
    steps = [before - after for before, after in pairwise(sizes) if after < before]
    assert len(steps) > 10
    assert max(steps) <= PARTS_A_TURN * len(NO_ALERT)


async def test_who_never_shows_a_good_token_is_hung_up_on_after_many_requests(door: Door) -> None:
    async with door.client() as client:
        await client.send(HEALTH * (MOST_STRANGE + 20))
        seen = await answers(client, MOST_STRANGE)
        assert await client.rest() == b""
    assert [headers.get("connection") for _, _, headers in seen] == [None] * (MOST_STRANGE - 1) + ["close"]


async def test_a_good_token_begins_the_count_anew(door: Door) -> None:
    async with door.client() as client:
        await client.send((HEALTH * (MOST_STRANGE - 1) + post(alert(), TOKEN)) * 2)
        assert {status for status, _, _ in await answers(client, 2 * MOST_STRANGE)} == {200}
        await client.send(HEALTH)
        assert (await client.answer())[0] == 200


async def test_a_refused_caller_that_does_not_read_is_hung_up_on(door: Door) -> None:
    with deaf_caller(door) as caller:
        await stuff(door, caller)
        caller.send(b"bad\n\n")
        await gone(door)


async def test_an_idle_caller_that_does_not_read_is_hung_up_on(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    with deaf_caller(door) as caller:
        await stuff(door, caller)
        monkeypatch.setattr(webhook_connection, "IDLE_SECONDS", 0.1)
        caller.send(HEALTH)
        await gone(door)


async def test_a_stop_does_not_wait_for_a_caller_that_does_not_read(door: Door) -> None:
    with deaf_caller(door) as caller:
        await stuff(door, caller)
        async with asyncio.timeout(10):
            await door.listener.stop()
        await gone(door)


async def test_a_stop_waits_for_alerts_that_arrive_while_it_waits(door: Door) -> None:
    written, journal_free = asyncio.Event(), threading.Event()

    async def write() -> None:
        await written.wait()

    request = post(alert(), TOKEN)
    async with door.client() as client:
        await client.send(request[:-1])
        await asyncio.sleep(0.05)
        door.listener.work(write())
        door.executor.submit(lambda _: journal_free.wait(10), lambda _: None)
        stopping = asyncio.create_task(door.listener.stop())
        await asyncio.sleep(0.05)
        await client.send(request[-1:])
        await asyncio.sleep(0.05)
        written.set()
        await asyncio.wait([stopping], timeout=0.2)
        journal_free.set()
        await stopping
        assert (await client.answer())[1] == {"id": 1, "status": "accepted"}
    assert len(door.rows()) == 1


async def test_a_stop_ends_though_the_server_waits_for_somebody(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Waiting:
        """As asyncio's server since Python 3.12 while a connection is open."""

        def __init__(self, server: asyncio.Server) -> None:
            self.close = server.close

        async def wait_closed(self) -> None:
            await asyncio.Event().wait()

    server = door.listener._server
    assert server is not None
    with monkeypatch.context() as patch:
        patch.setattr(webhook, "CLOSE_SECONDS", 0.05)
        patch.setattr(door.listener, "_server", Waiting(server))
        async with asyncio.timeout(5):
            await door.listener.stop()


async def test_a_fault_in_the_next_request_leaves_no_stored_alert_untold(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    heads = iter([frozenset[str]()])
    door.listener.on_stored = lambda: told.append("stored")
    door.listener.heads = lambda: next(heads)
    with caplog.at_level(logging.ERROR):
        async with door.client() as client:
            await client.send(post(alert(1), TOKEN) + post(alert(2), TOKEN))
            assert (await client.answer())[0] == 200
            assert await client.rest() == b""
    assert told == ["stored"]
    assert "fault of ours" in caplog.text
    await gone(door)
