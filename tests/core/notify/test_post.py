"""One request: how long an answer asks to wait, TLS that is checked, and what is said of failures."""

import asyncio
import http.client
import socket
import ssl
from email.utils import format_datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.notify.receiver import Receiver, hangs

from zepix_core.clock import NS, SystemClock, moment
from zepix_core.config.notify import parse_endpoint
from zepix_core.notify.post import LONGEST_WAIT, NotDelivered, Poster, reach, retry_after, why

TLS = Path(__file__).parents[2] / "data" / "tls"
PAIR = (TLS / "local.pem", TLS / "local-key.pem")
OTHER = (TLS / "cert.pem", TLS / "key.pem")
NOW = 1_767_614_400 * NS


def poster(url: str, seconds: float = 5.0) -> Poster:
    return Poster(parse_endpoint(url), {"X-Secret": "very-secret-word"}, SystemClock().now_ns, seconds)


@pytest.mark.parametrize(
    ("header", "body", "seconds"),
    [
        (None, b"", None),
        ("6", b"", 6.0),
        ("0.25", b"", 0.25),
        ("6", b'{"retry_after": 7.5}', 7.5),
        ("9", b'{"retry_after": 7.5}', 9.0),
        (None, b'{"retry_after": 1}', 1.0),
        (format_datetime(moment(NOW + 30 * NS), usegmt=True), b"", 30.0),
        (format_datetime(moment(NOW - 30 * NS), usegmt=True), b"", None),
        ("soon", b"[]", None),
        ("-1", b'{"retry_after": true}', None),
        ("nan", b'{"retry_after": "x"}', None),
        ("inf", b"{", None),
        ("1e300", b"", LONGEST_WAIT),
    ],
)
def test_what_an_answer_asks_to_wait(header: str | None, body: bytes, seconds: float | None) -> None:
    assert retry_after(header, body, NOW) == seconds


@given(st.one_of(st.none(), st.text()), st.binary())
def test_any_answer_is_read(header: str | None, body: bytes) -> None:
    seconds = retry_after(header, body, NOW)
    assert seconds is None or 0 <= seconds <= LONGEST_WAIT


async def test_a_certificate_of_nobody_known_gets_no_notice() -> None:
    with Receiver(certificate=PAIR) as receiver:
        with pytest.raises(NotDelivered, match=r"the certificate of 127\.0\.0\.1 is not valid: self"):
            await poster(receiver.url).post(b"{}", "k")
        assert receiver.taken == []
        assert "is not valid" in await asyncio.to_thread(reach, parse_endpoint(receiver.url))


async def test_a_certificate_that_is_known_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(PAIR[0]))
    with Receiver(certificate=PAIR) as receiver:
        url = receiver.url.replace("127.0.0.1", "localhost")
        reply = await poster(url).post(b"{}", "k")
        assert await asyncio.to_thread(reach, parse_endpoint(url)) == ""
    assert (reply.status, receiver.taken[0].headers["host"]) == (204, f"localhost:{receiver.port}")


async def test_a_certificate_of_another_name_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(OTHER[0]))
    with Receiver(certificate=OTHER) as receiver:
        with pytest.raises(
            NotDelivered, match="the certificate of localhost is not valid: Hostname mismatch"
        ):
            await poster(receiver.url.replace("127.0.0.1", "localhost")).post(b"{}", "k")
        assert receiver.taken == []


async def test_what_speaks_no_tls_gets_no_notice() -> None:
    with Receiver() as receiver, pytest.raises(NotDelivered, match="no whole answer"):
        await poster(receiver.url.replace("http:", "https:"), 0.3).post(b"{}", "k")
    assert receiver.taken == []


async def test_one_request_is_over_before_the_next_begins() -> None:
    with Receiver(hangs) as receiver:
        one = poster(receiver.url, 0.2)
        for _ in range(2):
            with pytest.raises(NotDelivered, match="no whole answer"):
                await one.post(b"{}", "k")
        await asyncio.to_thread(receiver.wait, 2)


async def test_whoever_gives_up_waiting_leaves_nothing_behind() -> None:
    with Receiver(hangs) as receiver:
        task = asyncio.create_task(poster(receiver.url).post(b"{}", "k"))
        await asyncio.to_thread(receiver.wait, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (socket.gaierror(-2, "Name or service not known"), "the name h is not known"),
        (ssl.SSLError(1, "[SSL] wrong"), "no TLS with h: the handshake failed"),
        (TimeoutError(), "h does not answer in time"),
        (OSError(113, "No route to host"), "h cannot be reached: No route to host"),
        (OSError(), "h cannot be reached: OSError"),
        (http.client.BadStatusLine("very-secret-path"), "h does not speak HTTP: BadStatusLine"),
        (RuntimeError("very-secret-path"), "h: RuntimeError"),
    ],
)
def test_a_failure_is_told_in_words_that_hold_no_secret(error: Exception, said: str) -> None:
    told = why(error, parse_endpoint("https://h/very-secret-path"))
    assert said in told
    assert "very-secret-path" not in told


def test_what_the_other_side_says_is_told_without_secrets() -> None:
    one = poster("https://h/api/very-secret-path?wait=another-secret")
    said = one.hide("no very-secret-path, another-secret or very-secret-word\n\x1b[0m")
    assert said == "no ***, *** or ***  [0m"
