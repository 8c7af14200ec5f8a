"""Bad alerts to a real host: the right status and reason, never a 5xx, never a crash, never an order."""

import socket
from collections.abc import Iterator

import pytest

from tests.system.bad_alerts import AT_THE_DOOR, BRACKET, STORED, changed
from tests.system.homes import always_open
from tests.system.rude import head, say
from zepix_core.testing.process import RunningHost

SETTINGS = "[webhook]\nheader_seconds = 0.5\nrequest_seconds = 1.0\n"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    """One host for all of them, and at the end: it lives, it was never at fault, it never traded."""
    home = always_open(tmp_path_factory.mktemp("bad") / "home", SETTINGS)
    with RunningHost(home) as host:
        host.start()
        yield host
        assert host.alive
        assert host.health().status == 200
        assert {order["state"] for order in host.rows("orders", "list")} <= {"denied"}
        assert host.rows("paper", "orders") == host.rows("paper", "positions") == []
        alerts = host.settled()
        assert {alert["state"] for alert in alerts} <= {"refused", "done"}
        assert "Traceback" not in host.output()
        assert '"level": "critical"' not in (home / "logs" / "zepix.log").read_text()


@pytest.mark.parametrize(
    ("body", "status", "code", "reason"), [case[1:] for case in AT_THE_DOOR], ids=[c[0] for c in AT_THE_DOOR]
)
def test_a_body_that_is_no_alert_is_refused_at_the_door(
    host: RunningHost, body: str | bytes, status: int, code: str, reason: str
) -> None:
    answer = host.post(body)
    assert (answer.status, answer.body) == (status, {"code": code, "reason": reason})


@pytest.fixture(scope="module")
def reasons(host: RunningHost) -> dict[str, str]:
    """All of `STORED` sent, and the reason each was given in the end."""
    ids = {}
    for name, body, _ in STORED:
        answer = host.post(body)
        assert answer.status == 200, name
        ids[name] = answer.body["id"]
    rows = {row["id"]: row for row in host.settled()}
    assert all(rows[alert]["state"] == "refused" for alert in ids.values())
    return {name: rows[alert]["reason"] for name, alert in ids.items()}


@pytest.mark.parametrize(("name", "reason"), [(case[0], case[2]) for case in STORED])
def test_an_alert_that_makes_no_sense_is_stored_and_refused_with_its_reason(
    reasons: dict[str, str], name: str, reason: str
) -> None:
    assert reasons[name] == reason


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ((), 411, "length_required"),
        (("Content-Length: 16385",), 413, "body_too_large"),
        (("Content-Length: 99999999999999999999",), 413, "body_too_large"),
        (("Content-Length: 2", "Content-Length: 2"), 400, "several_lengths"),
        (("Content-Length: -1",), 400, "bad_request"),
        (("Content-Length: two",), 400, "bad_request"),
        (("Transfer-Encoding: chunked",), 400, "chunked"),
        (("Content-Length: 2", "Content-Encoding: gzip"), 415, "content_encoding"),
        ((f"Content-Length: 2\r\nX: {'x' * 9000}",), 431, "headers_too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_head_that_is_not_as_it_should_be_is_refused(
    host: RunningHost, headers: tuple[str, ...], status: int, code: str
) -> None:
    said = say(host, head(host.token(), *headers) + b"{}")
    assert (said.status, said.body.get("code")) == (status, code)


def test_the_largest_body_is_taken_and_one_byte_more_is_not(host: RunningHost) -> None:
    empty = len('{"type":"big","x":""}')
    assert host.post('{"type":"big","x":"%s"}' % ("x" * (16_384 - empty))).status == 200
    answer = host.post('{"type":"big","x":"%s"}' % ("x" * (16_385 - empty)))
    assert (answer.status, answer.body["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    "part",
    [b"", b"POST /webh", b"POST /webhook/x HTTP/1.1\r\nHost: he"],
    ids=["nothing", "half a line", "half a head"],
)
def test_a_head_that_does_not_come_is_waited_for_only_so_long(host: RunningHost, part: bytes) -> None:
    assert say(host, part).status == 408


def test_a_body_that_does_not_come_is_waited_for_only_so_long(host: RunningHost) -> None:
    said = say(host, head(host.token(), "Content-Length: 100") + b'{"action":"buy"')
    assert said.status == 408


def test_a_caller_that_leaves_in_the_middle_leaves_nothing_behind(host: RunningHost) -> None:
    before = len(host.rows("alerts", "list"))
    body = changed(BRACKET, id="left").encode()
    whole = head(host.token(), f"Content-Length: {len(body)}") + body
    for cut in (1, 20, len(whole) - len(body), len(whole) - 1):
        assert say(host, whole[:cut], then_leave=True).status in (0, 400)
        with socket.create_connection(("127.0.0.1", host.ports()["webhook"]), 5) as connection:
            connection.sendall(whole[:cut])
    assert len(host.rows("alerts", "list")) == before


@pytest.mark.parametrize(
    "data",
    [b"\x16\x03\x01\x02\x00\x01\x00", b"GET / SPDY/9\r\n\r\n", b"\r\n\r\n\0\0\0", b"\xff" * 20_000],
    ids=["TLS", "another protocol", "nothing and zeros", "noise"],
)
def test_what_is_no_http_is_refused(host: RunningHost, data: bytes) -> None:
    assert 400 <= say(host, data, then_leave=True).status < 500


def test_the_same_body_again_is_a_duplicate_of_the_first(host: RunningHost) -> None:
    body = changed(BRACKET, sl=1.3)
    first, again = host.post(body), host.post(body)
    assert (first.body["status"], again.body["status"]) == ("accepted", "duplicate")
    assert first.body["id"] == again.body["id"]


def test_other_routes_and_methods_are_not_found(host: RunningHost) -> None:
    for line in ("GET /", "POST /webhook", "GET /webhook/x", "PUT /health", "POST /api/panic"):
        said = say(host, f"{line} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n".encode())
        assert said.status == 404, line


def test_a_wrong_token_is_an_unknown_route_then_too_many_and_shuts_nobody_else_out(host: RunningHost) -> None:
    unknown = say(host, b"POST /nothing HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\n{}")
    wrong = host.token()[:-1] + "~"
    answers = [host.post(changed(BRACKET), token=wrong) for _ in range(12)]
    assert [answer.status for answer in answers] == [404] * 10 + [429] * 2
    assert answers[0].body == unknown.body
    assert host.post('{"type":"right"}').status == 200
    assert wrong not in host.output()
