"""Settings files are read over the defaults, and every mistake is named at once."""

import json
from pathlib import Path

import pytest

from zepix_core.config.files import load_settings, merged
from zepix_core.config.home import Home
from zepix_core.config.render import render
from zepix_core.config.settings import HostSettings
from zepix_core.config.structure import to_plain
from zepix_core.errors import SettingsError


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.create()
    return home


def faults_of(home: Home, text: str) -> tuple[str, ...]:
    (home.path / "zepix.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(home)
    assert caught.value.exit_code == 4
    assert caught.value.hint
    return caught.value.faults


def test_without_a_file_the_defaults_are_in_force(home: Home) -> None:
    assert load_settings(home).settings == HostSettings()


def test_a_file_overrides_key_by_key(home: Home) -> None:
    (home.path / "zepix.toml").write_text("[risk_tiers.5000]\ndaily_loss_limit = 50\n", encoding="utf-8")
    tier = load_settings(home).settings.risk_tiers["5000"]
    assert (tier.daily_loss_limit, tier.max_total_loss) == (50.0, 500.0)


def test_the_command_line_overrides_the_file(home: Home) -> None:
    (home.path / "zepix.toml").write_text("[webhook]\nport = 9000\n", encoding="utf-8")
    assert load_settings(home, {"webhook": {"port": 0}}).settings.webhook.port == 0


def test_json_of_the_same_keys_is_read(home: Home) -> None:
    (home.path / "zepix.json").write_text(json.dumps({"webhook": {"port": 9000}}), encoding="utf-8")
    assert load_settings(home).settings.webhook.port == 9000


def test_all_mistakes_are_named_with_file_line_and_key(home: Home) -> None:
    faults = faults_of(
        home,
        'default_risk_tier = "7"\n[webhook]\nport = 70000\nprot = 3\n[risk_tiers.5000]\n'
        'daily_loss_limit = 900\n[paper]\nbalance = "much"\n',
    )
    assert len(faults) == 5
    assert "zepix.toml:1: default_risk_tier: names a tier" in "\n".join(faults)
    assert "zepix.toml:3: webhook.port: must be <= 65535, not 70000" in faults
    assert "zepix.toml:4: webhook.prot: unknown key; did you mean 'port'?" in faults
    assert any(fault.startswith("zepix.toml:6: risk_tiers.5000.daily_loss_limit:") for fault in faults)
    assert any(fault.startswith("zepix.toml:8: paper.balance:") for fault in faults)


def test_mistakes_in_json_have_lines_too(home: Home) -> None:
    (home.path / "zepix.json").write_text('{\n "webhook": {\n  "port": "x"\n }\n}\n', encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(home)
    assert caught.value.faults[0].startswith("zepix.json:3: webhook.port: must be a whole number")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("port = = 3\n", "zepix.toml:1: "),
        ("[webhook]\nport = 1\nport = 2\n", "zepix.toml:3: "),
    ],
)
def test_text_that_is_not_toml_names_its_line(home: Home, text: str, told: str) -> None:
    assert faults_of(home, text)[0].startswith(told)


def test_bytes_that_are_not_text_are_a_mistake(home: Home) -> None:
    (home.path / "zepix.toml").write_bytes(b"\xff\xfe\x00x")
    with pytest.raises(SettingsError) as caught:
        load_settings(home)
    assert "not UTF-8" in caught.value.faults[0]


def test_a_key_that_stands_twice_in_json_is_a_mistake(home: Home) -> None:
    (home.path / "zepix.json").write_text('{"host_id": 1, "host_id": 2}', encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(home)
    assert "host_id: stands twice" in caught.value.faults[0]


def test_placeholders_come_from_env_file_and_environment(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.env.write_text("MY_HOST=alerts.example.org\nMY_SCHEME=http\n", encoding="utf-8")
    home.env.chmod(0o600)
    monkeypatch.setenv("MY_SCHEME", "https")
    (home.path / "zepix.toml").write_text(
        '[web]\npublic_url = "${MY_SCHEME}://${MY_HOST}"\n', encoding="utf-8"
    )
    assert load_settings(home).settings.web.public_url == "https://alerts.example.org"


def test_a_placeholder_without_a_value_is_one_mistake_that_names_it(home: Home) -> None:
    faults = faults_of(home, '[web]\npublic_url = "${NOBODY_SET_THIS}"\n')
    assert len(faults) == 1
    assert faults[0].startswith("zepix.toml:2: web.public_url: ${NOBODY_SET_THIS} has no value")


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/webhook",
        "https://a.example/webhook/",
        "https://a.example/zepix/webhook/abcdef",
        "a.example/webhook/abcdef",
    ],
)
def test_a_public_address_with_the_webhooks_path_is_a_mistake_that_shows_no_token(
    home: Home, url: str
) -> None:
    (fault,) = faults_of(home, f'[web]\npublic_url = "{url}"\n')
    assert fault.startswith("zepix.toml:2: web.public_url")
    assert "must end before /webhook" in fault
    assert "abcdef" not in fault


def test_a_public_address_with_the_token_is_a_mistake_that_does_not_show_it(home: Home) -> None:
    home.env.write_text("ZEPIX_WEBHOOK_TOKEN=abcdefabcdefabcdef\n", encoding="utf-8")
    home.env.chmod(0o600)
    (fault,) = faults_of(home, '[web]\npublic_url = "https://a.example/${ZEPIX_WEBHOOK_TOKEN}/"\n')
    assert "holds the webhook's token" in fault
    assert "abcdef" not in fault


def test_a_public_address_may_have_a_path_of_its_own(home: Home) -> None:
    (home.path / "zepix.toml").write_text('[web]\npublic_url = "https://a.example/my-webhooks"\n')
    assert load_settings(home).settings.web.public_url == "https://a.example/my-webhooks"


def test_mt5_says_what_is_missing(home: Home) -> None:
    faults = faults_of(home, 'broker = "mt5"\n')
    assert [fault.split(": ")[1] for fault in faults] == ["mt5_login", "mt5_password", "mt5_server"]
    assert all("is needed" in fault for fault in faults)


MT5 = 'broker = "mt5"\nmt5_login = 123\nmt5_server = "Broker-Demo"\n'


def test_the_password_of_mt5_stands_in_env_and_shows_itself_nowhere(home: Home) -> None:
    home.env.write_text("MT5_PASSWORD=hunter2hunter2\n", encoding="utf-8")
    home.env.chmod(0o600)
    (home.path / "zepix.toml").write_text(MT5 + 'mt5_password = "${MT5_PASSWORD}"\n')
    settings = load_settings(home).settings
    assert settings.mt5.password == "hunter2hunter2"
    for shown in (repr(settings), repr(settings.mt5), str(to_plain(settings))):
        assert "hunter2" not in shown
    assert "hunter2" not in render(settings, "")


def test_a_password_written_down_in_the_file_is_refused_and_not_shown(home: Home) -> None:
    for value in ('"hunter2"', "12345"):
        (fault,) = faults_of(home, MT5 + f"mt5_password = {value}\n")
        assert "mt5_password: must be" in fault and "${" in fault
        assert "hunter2" not in fault and "12345" not in fault


def test_two_symbols_cannot_be_one_at_the_broker(home: Home) -> None:
    (fault,) = faults_of(home, '[symbol_mapping]\nXAUUSD = "GOLD"\nXAUEUR = "GOLD"\n')
    assert fault == "zepix.toml:3: symbol_mapping.XAUEUR: GOLD is XAUUSD already"
    (fault,) = faults_of(home, '[symbol_mapping]\n"EUR/USD" = "EURUSD.m"\n')
    assert "must be a TradingView name" in fault


def test_the_bench_profile_is_refused_when_live(home: Home) -> None:
    faults = faults_of(home, 'profile = "bench"\nlive = true\n')
    assert faults == ("zepix.toml:1: profile: bench lifts every limit and is refused when live is true",)


def test_both_ports_the_same_is_a_mistake(home: Home) -> None:
    assert "must differ" in faults_of(home, "[webhook]\nport = 9000\n[api]\nport = 9000\n")[0]


def test_a_dropped_key_says_what_replaces_it(home: Home) -> None:
    faults = faults_of(home, '[plugin_system]\nplugin_dir = "x"\n')
    assert faults == (
        "zepix.toml:2: plugin_system.plugin_dir: dropped: installed distributions replace plugin folders;"
        " remove it",
    )


def test_simulate_orders_is_understood_with_a_warning(home: Home) -> None:
    (home.path / "zepix.toml").write_text("simulate_orders = true\n", encoding="utf-8")
    loaded = load_settings(home)
    assert loaded.settings.broker == "paper"
    assert loaded.warnings[0].startswith("zepix.toml:1: simulate_orders:")


def test_an_unreadable_settings_file_has_a_hint(home: Home) -> None:
    (home.path / "zepix.toml").mkdir()
    with pytest.raises(SettingsError) as caught:
        load_settings(home)
    assert caught.value.hint


def test_merging_replaces_lists_and_joins_tables() -> None:
    assert merged({"a": {"x": 1, "y": [1]}}, {"a": {"y": [2]}}) == {"a": {"x": 1, "y": [2]}}


def test_plugin_priorities_come_from_the_file_then_from_what_ships(home: Home) -> None:
    (home.path / "zepix.toml").write_text("[plugins.bracket]\npriority = 0\n", encoding="utf-8")
    settings = load_settings(home).settings
    assert [settings.priority(name) for name in ("bracket", "combined_v3", "other")] == [0, 1, 2]
