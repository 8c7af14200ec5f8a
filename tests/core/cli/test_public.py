"""The round trip of ``zepix doctor --public`` through proxies, good and bad."""

import asyncio
import itertools
import json
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.core.cli.proxy import TLS, Proxy, in_chunks, packed, strip
from tests.core.web.raw_http import post
from tests.core.web.test_webhook import SETTINGS, TOKEN, Door, alert, opened

from zepix_core.cli.finding import BAD, OK, WARN, Finding
from zepix_core.cli.public_address import NAME, address_faults, parse_address
from zepix_core.cli.public_answers import (
    ALERT,
    HEALTH,
    WRONG_TOKEN,
    Came,
    Expected,
    judge_alert_route,
    judge_health,
    judge_wrong_token,
    read_body,
    tls_failure,
)
from zepix_core.cli.public_trip import CONNECTS, ENCRYPTS, RESOLVES, Road, RoundTrip
from zepix_core.clock import SystemClock
from zepix_core.config.secrets import Secret
from zepix_core.testing.process import RunningHost

MARK, PUBLIC = "0a1b2c3d", "8.8.8.8"
NAMED = "https://alerts.example.org"
EXPECTED = Expected(mark=MARK, port=8080)
TOO_LARGE = SETTINGS.max_body_bytes + 1


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(TLS / "cert.pem"))


def road_to(port: int, context: Callable[[], ssl.SSLContext] = trusting) -> Road:
    """A public address that is a port of this machine."""
    return Road(
        resolve=lambda _: (PUBLIC,),
        connect=lambda _, __, seconds: socket.create_connection(("127.0.0.1", port), seconds),
        context=context,
    )


async def visit(road: Road, url: str = NAMED, expected: Expected = EXPECTED) -> dict[str, Finding]:
    trip = RoundTrip(url, Secret(TOKEN), TOO_LARGE, expected, SystemClock(), road)
    found = await asyncio.to_thread(lambda: list(trip.findings()))
    return {finding.name: finding for finding in found}


def results(found: dict[str, Finding]) -> dict[str, str]:
    return {name: finding.result for name, finding in found.items()}


def bad(found: dict[str, Finding]) -> list[Finding]:
    """What is bad; each with its next step in words."""
    wrong = [finding for finding in found.values() if not finding.ok]
    assert all(finding.detail and finding.next for finding in wrong)
    return wrong


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with opened(tmp_path) as door:
        door.listener.mark = MARK
        yield door


async def test_through_a_good_proxy_all_is_well_and_nothing_is_stored(door: Door) -> None:
    async with Proxy(door.listener.port, tls=True) as proxy:
        found = await visit(road_to(proxy.port))
    assert results(found) == dict.fromkeys(
        (NAME, RESOLVES, CONNECTS, ENCRYPTS, HEALTH, WRONG_TOKEN, ALERT), OK
    )
    await door.listener.stop()
    assert door.rows() == []
    assert door.rows("SELECT kind FROM journal_events") == []
    assert door.rows("SELECT type FROM outbox") == []


async def test_the_probe_leaves_no_warning_and_a_stranger_does(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    async with Proxy(door.listener.port, tls=True) as proxy:
        assert bad(await visit(road_to(proxy.port))) == []
    assert [record.levelname for record in caplog.records if "wrong token" in record.message] == []
    await door.ask(post(alert(), "zepix-but-of-nobody"))
    assert [record.levelname for record in caplog.records if "wrong token" in record.message] == ["WARNING"]


async def test_a_path_in_the_address_is_cut_by_a_good_proxy(door: Door) -> None:
    async with Proxy(door.listener.port, strip(b"/zepix"), tls=True) as proxy:
        assert bad(await visit(road_to(proxy.port), f"{NAMED}/zepix")) == []
    async with Proxy(door.listener.port, tls=True) as proxy:
        (wrong,) = bad(await visit(road_to(proxy.port), f"{NAMED}/zepix"))
    assert (wrong.name, "another path" in wrong.detail) == (HEALTH, True)


async def test_a_proxy_that_strips_the_path_is_found_out(door: Door) -> None:
    async with Proxy(door.listener.port, strip(b"/webhook"), tls=True) as proxy:
        (wrong,) = bad(await visit(road_to(proxy.port)))
    assert (wrong.name, "changes the path" in wrong.detail) == (ALERT, True)


@pytest.mark.parametrize(
    ("change", "detail"), [(in_chunks, "in chunks"), (packed, "Content-Encoding")], ids=["chunks", "packed"]
)
async def test_a_proxy_that_changes_bodies_is_found_out(
    door: Door, change: Callable[[bytes, bytes], tuple[bytes, bytes]], detail: str
) -> None:
    async with Proxy(door.listener.port, change, tls=True) as proxy:
        (wrong,) = bad(await visit(road_to(proxy.port)))
    assert wrong.name == ALERT
    assert detail in wrong.detail


async def test_a_slow_way_is_told(door: Door) -> None:
    async with Proxy(door.listener.port, delay=0.4, tls=True) as proxy:
        found = await visit(road_to(proxy.port), expected=attrs.evolve(EXPECTED, patience=0.2))
    assert "gives up after 0.2 s" in found[HEALTH].detail
    assert bad(found)


async def test_another_host_and_another_program_do_not_get_the_token(door: Door) -> None:
    async with Proxy(door.listener.port, tls=True) as proxy:
        found = await visit(road_to(proxy.port), expected=attrs.evolve(EXPECTED, mark="other"))
        assert "another Zepix host" in found[HEALTH].detail
        assert not any(TOKEN.encode() in line for line in proxy.seen)
    page = b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 7\r\n\r\nwelcome"
    async with Proxy(answer=page, tls=True) as proxy:
        found = await visit(road_to(proxy.port))
        assert results(found)[HEALTH] == results(found)[WRONG_TOKEN] == BAD
        assert "another program (nginx) answers" in found[HEALTH].detail
        assert not any(TOKEN.encode() in line for line in proxy.seen)


@pytest.mark.parametrize(
    ("status", "detail"),
    [
        (b"301 Moved", "sends callers elsewhere"),
        (b"403 Forbidden", "does not let callers in"),
        (b"404 Not Found", "does not hand on /health"),
        (b"400 Bad Request", "client certificate"),
        (b"500 Oops", "another program"),
    ],
)
async def test_what_the_proxy_answers_by_itself_is_told(status: bytes, detail: str) -> None:
    answer = b"HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n" % status
    async with Proxy(answer=answer, tls=True) as proxy:
        found = await visit(road_to(proxy.port))
    assert detail in found[HEALTH].detail
    assert bad(found)


async def test_a_proxy_without_a_host_behind_it_is_told() -> None:
    async with Proxy(free_port(), tls=True) as proxy:
        found = await visit(road_to(proxy.port))
    assert "does not reach this host" in found[HEALTH].detail
    assert "8080" in found[HEALTH].next


async def test_what_speaks_no_http_is_told() -> None:
    async with Proxy(answer=b"220 mail ready\r\n", tls=True) as proxy:
        assert "does not speak HTTP" in (await visit(road_to(proxy.port)))[HEALTH].detail


async def test_a_self_signed_certificate_and_one_for_another_name_are_told(door: Door) -> None:
    async with Proxy(door.listener.port, tls=True) as proxy:
        (wrong,) = bad(await visit(road_to(proxy.port, ssl.create_default_context)))
        assert (wrong.name, wrong.detail) == (ENCRYPTS, "the certificate is self-signed")
        (wrong,) = bad(await visit(road_to(proxy.port), "https://other.example.org"))
        assert wrong.detail == "the certificate is for another name"
        assert proxy.seen == []


async def test_a_port_without_tls_is_told(door: Door) -> None:
    (wrong,) = bad(await visit(road_to(door.listener.port)))
    assert (wrong.name, wrong.detail) == (ENCRYPTS, "it does not speak TLS on this port")


async def test_over_plain_http_the_token_does_not_leave(door: Door) -> None:
    async with Proxy(door.listener.port) as proxy:
        found = await visit(road_to(proxy.port), "http://alerts.example.org")
        assert not any(TOKEN.encode() in line for line in proxy.seen)
    assert "plain http" in found[NAME].detail
    assert (found[HEALTH].result, found[ALERT].result) == (OK, WARN)


async def test_a_name_that_is_not_known_and_a_refused_connection_are_told() -> None:
    def unknown(_: str) -> tuple[str, ...]:
        raise socket.gaierror(-2, "Name or service not known")

    (wrong,) = bad(await visit(attrs.evolve(road_to(1), resolve=unknown)))
    assert (wrong.name, "A record" in wrong.next) == (RESOLVES, True)
    (wrong,) = bad(await visit(road_to(free_port())))
    assert (wrong.name, "refuses connections" in wrong.detail) == (CONNECTS, True)

    def silent(*_: object) -> socket.socket:
        raise TimeoutError("timed out")

    (wrong,) = bad(await visit(attrs.evolve(road_to(1), connect=silent)))
    assert "firewall" in wrong.next


async def test_a_name_that_is_private_here_is_a_warning(door: Door) -> None:
    async with Proxy(door.listener.port, tls=True) as proxy:
        road = attrs.evolve(road_to(proxy.port), resolve=lambda _: ("192.168.1.5",))
        found = await visit(road)
    assert (found[RESOLVES].result, bad(found)) == (WARN, [])


async def test_where_only_listed_senders_are_let_in_this_machine_is_not(tmp_path: Path) -> None:
    async with opened(tmp_path, attrs.evolve(SETTINGS, sources=("52.89.214.238",))) as door:
        door.listener.mark = MARK
        async with Proxy(door.listener.port, tls=True) as proxy:
            found = await visit(road_to(proxy.port), expected=attrs.evolve(EXPECTED, guarded=True))
        assert not any(TOKEN.encode() in line for line in proxy.seen)
    assert (bad(found), found[ALERT].result) == ([], WARN)


async def test_no_address_is_a_fault() -> None:
    (wrong,) = bad(await visit(road_to(1), ""))
    assert "web.public_url" in wrong.next


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        ("https://a.example:8443", "refuses port 8443"),
        ("http://a.example", "plain http"),
        ("https://u:p@a.example", "user name"),
        ("https://a.example/?x=1", "query"),
        ("https://localhost", "this network only"),
        ("https://192.168.0.2", "from outside"),
        ("https://[2001:db8::1]", "IPv6"),
        ("ftp://a.example", "no http"),
        ("https://a.example:port", "no http"),
    ],
)
def test_an_address_tradingview_cannot_call_is_told(url: str, detail: str) -> None:
    assert any(detail in told and then for told, then in address_faults(url))


@pytest.mark.parametrize("url", [NAMED, f"{NAMED}/", f"{NAMED}:443/zepix", "https://8.8.8.8"])
def test_an_address_tradingview_can_call_has_no_fault(url: str) -> None:
    assert address_faults(url) == ()
    address = parse_address(url)
    assert address is not None
    assert address.host_header == address.host


@pytest.mark.parametrize("host", ["alerts..example.org", f"{'a' * 70}.example.org"])
async def test_a_name_that_dns_cannot_hold_is_told_and_looked_up_nowhere(host: str) -> None:
    found = await visit(Road(), f"https://{host}")
    assert [finding.name for finding in bad(found)] == [*found] == [NAME]


async def test_letters_of_other_languages_in_the_address_go_out_as_ascii(door: Door) -> None:
    address = parse_address("https://bücher.example/für mich")
    assert address is not None
    assert (address.host, address.path) == ("xn--bcher-kva.example", "/f%C3%BCr%20mich")
    async with Proxy(door.listener.port, strip(b"/f%C3%BCr%20mich"), tls=True) as proxy:
        assert bad(await visit(road_to(proxy.port), f"{NAMED}/für mich")) == []


def test_a_body_nested_without_end_is_no_answer_of_ours() -> None:
    assert read_body(b"[" * 65_536) is None
    assert read_body(b'{"boot":"x"}') == {"boot": "x"}


@pytest.mark.parametrize("judge", [judge_health, judge_wrong_token, judge_alert_route])
def test_no_strange_answer_passes_as_this_host(judge: Callable[[Came, Expected], Finding]) -> None:
    bodies: tuple[Any, ...] = (None, [], {}, {"code": "x"}, {"boot": "other"}, "text", 7)
    for status, body in itertools.product((200, 204, 301, *range(400, 430), 500, 502, 503, 520), bodies):
        finding = judge(Came(status=status, body=body, seconds=0.1), EXPECTED)
        assert finding.result != OK
        assert finding.detail
        assert finding.next


@pytest.mark.parametrize("code", [9, 10, 18, 19, 20, 21, 62, 99])
def test_every_fault_of_a_certificate_has_a_next_step(code: int) -> None:
    error = ssl.SSLCertVerificationError(1, "[SSL] x")
    error.verify_code, error.verify_message = code, "something new"
    detail, then = tls_failure(error)
    assert detail and then
    assert ("something new" in detail) == (code == 99)


def test_the_command_tells_scripts_what_it_found(tmp_path: Path) -> None:
    host = RunningHost(tmp_path / "home")
    stopped = host.cli("doctor", "--public", "--format", "json")
    assert stopped.returncode == 3
    assert {"name", "ok", "detail", "next"} <= json.loads(stopped.stdout)["checks"][0].keys()
    assert "zepix run" in stopped.stderr
    port = free_port()
    (host.home / "zepix.toml").write_text(f'[web]\npublic_url = "http://127.0.0.1:{port}"\n')
    with host.start("--port", str(port)):
        done = host.cli("doctor", "--public", "--format", "json")
        checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
        assert done.returncode == 1
        assert not checks[NAME]["ok"]
        assert all(checks[name]["result"] == OK for name in (CONNECTS, HEALTH, WRONG_TOKEN, ALERT))
        assert host.rows("alerts", "list") == []
        assert host.token() not in done.stdout


def test_one_row_for_a_missing_address_and_invalid_settings_are_told_as_such(tmp_path: Path) -> None:
    host = RunningHost(tmp_path / "home")
    with host.start():
        done = host.cli("doctor", "--public", "--format", "json")
        rows = [check for check in json.loads(done.stdout)["checks"] if check["name"] == NAME]
        assert [(row["result"], row["detail"]) for row in rows] == [(BAD, "none is set")]
        (host.home / "zepix.toml").write_text("host_id = 1000\n")
        done = host.cli("doctor", "--public", "--format", "json")
        (row,) = [check for check in json.loads(done.stdout)["checks"] if check["name"] == NAME]
        assert "host_id: must be <= 99" in row["detail"]
        assert (done.returncode, "No host runs" in done.stderr) == (1, False)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
