"""Where notices go: what can be called, what can be sent, and what nobody gets to see."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.cli.config.show import setting_rows
from zepix_core.config.files import load_settings
from zepix_core.config.home import Home
from zepix_core.config.notify import OutgoingWebhook, parse_endpoint
from zepix_core.config.profiles import prepare
from zepix_core.config.secrets import Secret, save_env
from zepix_core.errors import SettingsError
from zepix_core.model.notice import Priority

SECRET = "https://discord.com/api/webhooks/123456789/s3cr3t-w0rd?wait=true"


def written(tmp_path: Path, text: str, **variables: str) -> Home:
    home = Home(tmp_path / "home")
    prepare(home)
    save_env(home.env, {name: Secret(value) for name, value in variables.items()})
    home.settings_file.write_text(text, encoding="utf-8")
    return home


def test_nothing_is_sent_anywhere_unless_an_address_is_set() -> None:
    assert OutgoingWebhook().endpoint is None
    assert OutgoingWebhook().least is Priority.HIGH


@pytest.mark.parametrize(
    ("url", "shown", "path"),
    [
        (SECRET, "https://discord.com", "/api/webhooks/123456789/s3cr3t-w0rd?wait=true"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", "/"),
        ("https://[::1]:8443/a", "https://[::1]:8443", "/a"),
        ("https://example.org:443/a", "https://example.org", "/a"),
        ("https://bücher.example/a", "https://xn--bcher-kva.example", "/a"),
    ],
)
def test_an_address_shows_its_host_alone(url: str, shown: str, path: str) -> None:
    endpoint = parse_endpoint(url)
    assert (endpoint.shown, endpoint.path) == (shown, path)
    assert "s3cr3t" not in repr(endpoint)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://example.org/s3cr3t", "must begin with https"),
        ("discord.com/s3cr3t", "must begin with https"),
        ("https://", "must begin with https"),
        ("https://me:s3cr3t@example.org/", "no user name"),
        ("https://example.org/s3cr3t#x", "no user name and no #"),
        ("https://example.org/s3cr3t path", "a space"),
        ("https://example.org/s3cr3t\r\nX: y", "a space, a line end"),
        ("https://example.org/s3cr3t/ü", "writes as %xx"),
        ("https://example.org:99999/s3cr3t", "no address"),
    ],
)
def test_what_cannot_be_called_is_refused_and_not_shown(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_endpoint(url)
    with pytest.raises(ValueError, match="url") as refused:
        OutgoingWebhook(url=url)
    assert "s3cr3t" not in str(refused.value)


@given(st.text())
def test_any_text_is_an_address_or_refused_in_words(url: str) -> None:
    try:
        shown = parse_endpoint(url).shown
    except ValueError as error:
        shown = str(error)
    assert shown.isprintable()


@pytest.mark.parametrize("template", ["", '{"content": "{text}"}', '{"a": ["{key} {time}", 1, null]}'])
def test_a_template_is_json_with_names_in_its_texts(template: str) -> None:
    assert OutgoingWebhook(template=template).template == template


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{text}", "is not JSON"),
        ('{"content": {text}}', "is not JSON"),
        ('{"content": NaN}', "NaN is no number"),
        ('{"content": "{txt}"}', r"\{txt\} is none of .*did you mean \{text\}\?"),
        ('{"{what}": 1}', r"\{what\} is none of"),
        ("[" * 100_000, "nested too deeply|not JSON"),
    ],
)
def test_a_template_that_would_not_come_out_as_meant_is_refused(template: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        OutgoingWebhook(template=template)


@pytest.mark.parametrize(
    "headers", [{"Host": "x"}, {"content-length": "1"}, {"A B": "x"}, {"X": "a\r\nB: c"}, {"X": "ü"}]
)
def test_headers_that_are_ours_or_break_the_request_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="headers"):
        OutgoingWebhook(headers=headers)


def test_the_address_comes_from_a_secret_and_is_never_shown(tmp_path: Path) -> None:
    text = (
        '[notify.webhook]\nurl = "${ZEPIX_NOTIFY_URL}"\n'
        '[notify.webhook.headers]\nAuthorization = "Bearer written-out"\n'
    )
    home = written(tmp_path, text, ZEPIX_NOTIFY_URL=SECRET)
    settings = load_settings(home).settings
    assert settings.notify.webhook.url == SECRET
    rows = {row["key"]: row["value"] for row in setting_rows(home, "host")}
    assert rows["notify.webhook.url"] == "https://discord.com/***"
    assert rows["notify.webhook.headers.Authorization"] == "***"


def test_an_address_written_into_the_settings_is_not_shown_either(tmp_path: Path) -> None:
    home = written(tmp_path, f'[notify.webhook]\nurl = "{SECRET}"\n')
    assert "s3cr3t" not in str(setting_rows(home, "host"))


def test_a_fault_names_the_key_and_not_the_address(tmp_path: Path) -> None:
    home = written(tmp_path, '[notify.webhook]\nurl = "ftp://example.org/s3cr3t"\nmin_priority = "LOUD"\n')
    with pytest.raises(SettingsError) as refused:
        load_settings(home)
    faults = "\n".join(refused.value.faults)
    assert "notify.webhook.url: " in faults
    assert "must be one of INFO, LOW, MEDIUM, HIGH, CRITICAL" in faults
    assert "s3cr3t" not in faults
