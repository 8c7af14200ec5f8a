"""Profiles are written as commented files that read back as they were meant."""

import tomllib
from pathlib import Path

import pytest

from zepix_core.config.files import load_settings
from zepix_core.config.home import Home
from zepix_core.config.plugin_files import plugin_values
from zepix_core.config.profiles import prepare, profile_settings, write_settings
from zepix_core.config.render import render
from zepix_core.config.secrets import API_TOKEN, WEBHOOK_TOKEN, read_env
from zepix_core.config.settings import PROFILES, HostSettings
from zepix_core.errors import SettingsError, UsageError


@pytest.mark.parametrize("profile", PROFILES)
def test_a_written_profile_reads_back(tmp_path: Path, profile: str) -> None:
    home = Home(tmp_path)
    assert prepare(home, profile)
    assert load_settings(home).settings == profile_settings(profile)


def test_the_default_file_sets_nothing_and_explains_everything() -> None:
    text = render(HostSettings(), "Title")
    assert tomllib.loads(text) == {}
    uncommented = "\n".join(
        line[2:] if line.startswith(("# [", "# ")) and ("= " in line or line.startswith("# [")) else line
        for line in text.splitlines()
        if not line.endswith(".") and not line.endswith("=")
    )
    assert "webhook" in tomllib.loads(uncommented)
    assert "# Port to listen on; 0 takes any free one" in text


def test_a_section_may_be_added_below_the_written_file(tmp_path: Path) -> None:
    home = Home(tmp_path)
    prepare(home)
    with home.settings_file.open("a", encoding="utf-8") as file:
        file.write("\n[inbox]\nmax_age_seconds = 5\n")
    assert load_settings(home).settings.inbox.max_age_seconds == 5


def test_bench_lifts_limits_and_keeps_the_hosts_own_dedupe(tmp_path: Path) -> None:
    home = Home(tmp_path)
    prepare(home, "bench")
    settings = load_settings(home).settings
    assert settings.trading.lifted
    assert settings.inbox.unlimited
    assert settings.paper.market_always_open
    assert settings.paper.balance == 10_000_000
    assert settings.inbox.duplicate_window_seconds == 60
    assert plugin_values(home, "combined_v3", {})["settings"]["signal_handling"] == {
        "duplicate_window_seconds": 0
    }


def test_preparing_again_keeps_settings_and_tokens(tmp_path: Path) -> None:
    home = Home(tmp_path)
    prepare(home)
    tokens = read_env(home.env)
    home.settings_file.write_text("host_id = 7\n")
    assert not prepare(home)
    assert read_env(home.env) == tokens
    assert load_settings(home).settings.host_id == 7
    assert set(tokens) == {WEBHOOK_TOKEN, API_TOKEN}


def test_the_webhook_token_may_be_chosen(tmp_path: Path) -> None:
    home = Home(tmp_path)
    prepare(home, webhook_token="chosen-by-me")
    assert read_env(home.env)[WEBHOOK_TOKEN].reveal() == "chosen-by-me"
    with pytest.raises(SettingsError):
        prepare(home, webhook_token="no/slash")


def test_there_are_no_other_profiles(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        write_settings(Home(tmp_path), "turbo")
