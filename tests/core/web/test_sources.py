"""Who may send alerts, and what the door does with those who may not."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.web.raw_http import post
from tests.core.web.test_webhook import SECOND, SETTINGS, TOKEN, alert, opened

from zepix_core.config.structure import structure, to_plain
from zepix_core.config.webhook import TRADINGVIEW_SOURCES, TRADINGVIEW_SUBJECT, WebhookSettings
from zepix_core.errors import SettingsError
from zepix_core.testing.clock import VirtualClock
from zepix_core.web.sources import DailyNotice, Sources, Verdict, subject_parts

PROXY, TRADINGVIEW, STRANGER = "127.0.0.1", TRADINGVIEW_SOURCES[0], "203.0.113.9"
GIVEN = r"CN=TradingView Webhooks,O=TradingView\, Inc.,L=Westerville,ST=Ohio,C=US"


def rules(**settings: Any) -> Sources:
    made = Sources.of(attrs.evolve(WebhookSettings(), **settings))
    assert made is not None
    return made


def proxied(**settings: Any) -> Sources:
    return rules(trusted_proxies=(PROXY,), real_ip_header="X-Real-IP", **settings)


def real(*values: str) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"here"), *((b"x-real-ip", value.encode()) for value in values)]


def test_without_rules_there_is_nothing_to_judge() -> None:
    assert Sources.of(WebhookSettings()) is None
    assert Sources.of(WebhookSettings(trusted_proxies=(PROXY,))) is None


def test_listed_addresses_and_networks_may_send_and_no_other() -> None:
    judged = rules(sources=(*TRADINGVIEW_SOURCES, "10.0.0.0/8"))
    for address in (*TRADINGVIEW_SOURCES, "10.1.2.3", f"::ffff:{TRADINGVIEW}"):
        assert judged.judge(address, []) == Verdict(address)
    for address in (STRANGER, "11.0.0.1", "::1", "", "nonsense"):
        assert judged.judge(address, []).refused == "source"


def test_a_listed_proxy_names_the_caller() -> None:
    judged = proxied(sources=TRADINGVIEW_SOURCES)
    assert judged.judge(PROXY, real(TRADINGVIEW)) == Verdict(TRADINGVIEW)
    assert judged.judge(PROXY, real(STRANGER)) == Verdict(STRANGER, "source")


def test_a_header_of_anybody_else_is_not_believed() -> None:
    judged = proxied(sources=TRADINGVIEW_SOURCES)
    assert judged.judge(STRANGER, real(TRADINGVIEW)) == Verdict(STRANGER, "source")


def test_of_several_callers_the_one_the_proxy_saw_counts() -> None:
    judged = proxied(sources=TRADINGVIEW_SOURCES)
    assert judged.judge(PROXY, real(f"{TRADINGVIEW}, {STRANGER}")).refused == "source"
    assert judged.judge(PROXY, real(f"{STRANGER}, {TRADINGVIEW}")) == Verdict(TRADINGVIEW)
    assert judged.judge(PROXY, real(TRADINGVIEW, STRANGER)).refused == "source"


@pytest.mark.parametrize("values", [(), ("",), ("unknown",), ("1.2.3.4:80",)])
def test_a_proxy_that_names_no_caller_is_refused(values: tuple[str, ...]) -> None:
    assert proxied(sources=TRADINGVIEW_SOURCES).judge(PROXY, real(*values)) == Verdict(PROXY, "real_ip")


def test_a_local_program_passes_unnamed_where_no_address_is_checked() -> None:
    judged = proxied()
    assert judged.judge(PROXY, real()) == Verdict(PROXY)
    assert judged.judge("::ffff:127.0.0.1", real()) == Verdict("::ffff:127.0.0.1")
    assert judged.judge(PROXY, real(STRANGER)) == Verdict(STRANGER)
    for value in ("", "unknown"):
        assert judged.judge(PROXY, real(value)).refused == "real_ip"


def test_a_proxy_elsewhere_that_names_nobody_is_no_local_program() -> None:
    judged = rules(trusted_proxies=("10.0.0.2",), real_ip_header="X-Real-IP")
    assert judged.judge("10.0.0.2", real()).refused == "real_ip"


def test_a_list_of_senders_does_not_open_for_a_proxy_that_forgets_the_header() -> None:
    for listed in (TRADINGVIEW_SOURCES, (*TRADINGVIEW_SOURCES, PROXY)):
        assert proxied(sources=listed).judge(PROXY, real()).refused == "real_ip"


def test_a_local_program_has_to_show_the_certificate_as_everybody_has() -> None:
    judged = proxied(client_cert_header="X-Client-Subject")
    assert judged.judge(PROXY, real()).refused == "certificate"
    assert judged.judge(PROXY, [(b"x-client-subject", GIVEN.encode())]) == Verdict(PROXY)


def certified(subject: str | None, peer: str = PROXY) -> str:
    judged = rules(trusted_proxies=(PROXY,), client_cert_header="X-Client-Subject")
    return judged.judge(peer, [] if subject is None else [(b"x-client-subject", subject.encode())]).refused


def test_the_certificate_of_tradingview_is_let_in_in_any_order() -> None:
    assert certified(GIVEN) == ""
    assert certified(",".join(reversed([r"CN=TradingView Webhooks", r"O=TradingView\, Inc."]))) == ""
    assert certified('CN=TradingView Webhooks,O="TradingView, Inc."') == ""
    assert certified(f"emailAddress=webhook-server@tradingview.com,{GIVEN}") == ""


@pytest.mark.parametrize(
    "subject",
    [
        None,
        "",
        "CN=TradingView Webhooks",
        "CN=Somebody",
        r"CN=x,O=TradingView\, Inc.",
        r"O=TradingView\, Inc.\,CN=TradingView Webhooks",
        r'O="TradingView, Inc.,CN=TradingView Webhooks"',
        "/O=TradingView, Inc./CN=TradingView Webhooks",
        GIVEN.lower(),
        f"X{GIVEN}",
    ],
)
def test_any_other_subject_or_none_is_refused(subject: str | None) -> None:
    assert certified(subject) == "certificate"


def test_a_subject_from_elsewhere_than_the_proxy_is_refused() -> None:
    assert certified(GIVEN, STRANGER) == "certificate"


@given(st.text(alphabet='CNO=,+"\\/ TradingView.', max_size=60))
def test_a_value_never_becomes_a_part(value: str) -> None:
    escaped = "".join(f"\\{sign}" if sign in ',+"\\;<>=' else sign for sign in value)
    assert [name for name, _ in subject_parts(f"O=x{escaped}")] == ["O"]


def test_a_notice_a_day_for_each_reason() -> None:
    clock = VirtualClock()
    daily = DailyNotice(clock)
    notice = daily.of(Verdict(STRANGER, "source"), 7)
    assert notice is not None
    assert STRANGER in notice.text
    assert notice.data == {"source": STRANGER, "reason": "source", "refused": 7}
    assert daily.of(Verdict("198.51.100.1", "source"), 8) is None
    assert daily.of(Verdict(STRANGER, "certificate"), 9) is not None
    clock.advance(86_400)
    assert daily.of(Verdict(STRANGER, "source"), 10) is not None


@pytest.mark.parametrize(
    "data",
    [
        {"sources": ["52.89.214.238", "not.an.address"]},
        {"trusted_proxies": ["127.0.0.1/99"]},
        {"real_ip_header": "X Real"},
        {"client_cert_header": "X:Y"},
        {"client_cert_subject": "TradingView"},
        {"sources": "52.89.214.238"},
    ],
)
def test_settings_that_name_no_address_or_header_are_refused(data: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        structure(data, WebhookSettings)


def test_settings_go_to_a_file_and_back() -> None:
    settings = WebhookSettings(sources=TRADINGVIEW_SOURCES, trusted_proxies=("10.0.0.0/8",))
    assert structure(to_plain(settings), WebhookSettings) == settings
    assert ("O", "TradingView, Inc.") in subject_parts(TRADINGVIEW_SUBJECT)


async def test_a_refused_caller_gets_what_an_unknown_route_gets_and_people_hear_of_it_once(
    tmp_path: Path,
) -> None:
    settings = attrs.evolve(SETTINGS, sources=TRADINGVIEW_SOURCES)
    async with opened(tmp_path, settings) as door:
        unknown = await door.ask(b"POST /nothing HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}")
        for token in (TOKEN, SECOND, "of-nobody"):
            refused = await door.ask(post(alert(), token))
            assert refused[:2] == unknown[:2] == (404, {"code": "not_found", "reason": "not_found"})
            assert refused[2].keys() == unknown[2].keys()
        assert door.listener.refused == 3
        assert len(door.listener.wrong_tokens) == 0
        await door.listener.stop()
        assert door.rows() == []
        ((kind, priority),) = notices(door.journal)
        assert (kind, priority) == ("alert_source_refused", 4)


async def test_a_stranger_without_a_token_is_only_counted(tmp_path: Path) -> None:
    async with opened(tmp_path, attrs.evolve(SETTINGS, sources=TRADINGVIEW_SOURCES)) as door:
        assert (await door.ask(post(alert(), "of-nobody")))[0] == 404
        await door.listener.stop()
        assert (door.listener.refused, notices(door.journal)) == (1, [])


async def test_alerts_of_the_real_caller_are_taken_and_wrong_tokens_are_counted_for_it(
    tmp_path: Path,
) -> None:
    settings = attrs.evolve(
        SETTINGS,
        sources=(TRADINGVIEW,),
        trusted_proxies=(PROXY,),
        real_ip_header="X-Real-IP",
        wrong_tokens_per_minute=1,
    )
    async with opened(tmp_path, settings) as door:
        assert (await door.ask(post(alert(), TOKEN, f"X-Real-IP: {TRADINGVIEW}")))[0] == 200
        assert (await door.ask(post(alert(), "wrong", f"X-Real-IP: {TRADINGVIEW}")))[0] == 404
        assert door.listener.wrong_tokens.is_blocked(TRADINGVIEW)
        assert not door.listener.wrong_tokens.is_blocked(PROXY)


async def test_health_is_open_to_everybody_and_rules_can_be_changed(tmp_path: Path) -> None:
    async with opened(tmp_path, attrs.evolve(SETTINGS, sources=TRADINGVIEW_SOURCES)) as door:
        assert (await door.ask(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n"))[0] == 200
        door.listener.change_settings(SETTINGS)
        assert (await door.ask(post(alert(), TOKEN)))[0] == 200


def notices(journal: Path) -> list[tuple[str, int]]:
    with closing(sqlite3.connect(journal)) as reader:
        return reader.execute("SELECT type, priority FROM outbox").fetchall()
