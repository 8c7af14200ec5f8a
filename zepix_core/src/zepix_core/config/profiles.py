"""The shipped profiles: ``default``, and ``bench`` for measuring."""

from typing import Any

import attrs

from zepix_core.config.atomic import write_atomic
from zepix_core.config.home import Home
from zepix_core.config.render import render, render_plain
from zepix_core.config.secrets import (
    API_TOKEN,
    WEBHOOK_TOKEN,
    Secret,
    check_token,
    environment,
    new_token,
    read_env,
    save_env,
)
from zepix_core.config.settings import PROFILES, HostSettings
from zepix_core.errors import UsageError

BENCH_BALANCE = 10_000_000.0
MANY = 1_000_000

BENCH_PLUGINS: dict[str, dict[str, Any]] = {
    "combined_v3": {"settings": {"signal_handling": {"duplicate_window_seconds": 0}}},
    **{f"price_action_{chart}": {"signal_cooldown_seconds": 0} for chart in ("1m", "5m", "15m", "1h")},
}
"""What the profile sets in the plugins' own files: no duplicate windows. Caps are lifted by the host."""


def profile_settings(name: str) -> HostSettings:
    """The host's settings of a profile.

    Raises:
        UsageError: There is no such profile.
    """
    if name not in PROFILES:
        raise UsageError(f"There is no profile {name}.", f"Choose one of {', '.join(PROFILES)}.")
    settings = HostSettings()
    if name == "default":
        return settings
    return attrs.evolve(
        settings,
        profile="bench",
        inbox=attrs.evolve(settings.inbox, unlimited=True, waiting_limit=MANY),
        paper=attrs.evolve(settings.paper, balance=BENCH_BALANCE, market_always_open=True),
    )


def write_settings(home: Home, profile: str) -> None:
    """Write a profile's files into an existing home.

    Raises:
        UsageError: There is no such profile.
        SettingsError: A file cannot be written.
    """
    settings = profile_settings(profile)
    title = "Settings of this Zepix host."
    if profile == "bench":
        title += (
            "\nProfile bench: no rates, caps or loss limits. For measuring only, refused when live = true."
        )
    write_atomic(home.path / "zepix.toml", render(settings, title))
    if profile == "bench":
        for plugin_id, values in BENCH_PLUGINS.items():
            text = render_plain({"plugin_id": plugin_id, **values})
            write_atomic(home.plugins / f"{plugin_id}.toml", text)


def ensure_tokens(home: Home, webhook_token: str | None = None) -> None:
    """Make sure that ``.env`` holds the webhook's and the command line's token.

    Args:
        webhook_token: The token to use; otherwise the one that is there stays, or a random one is made.

    Raises:
        SettingsError: The token or the file cannot be used.
    """
    have = read_env(home.env)
    wanted: dict[str, Secret] = {}
    if webhook_token is not None:
        wanted[WEBHOOK_TOKEN] = Secret(check_token(webhook_token))
    elif not have.get(WEBHOOK_TOKEN):
        wanted[WEBHOOK_TOKEN] = Secret(new_token())
    if not have.get(API_TOKEN):
        wanted[API_TOKEN] = Secret(new_token())
    if wanted:
        save_env(home.env, wanted)


def token_lost(home: Home) -> bool:
    """True for a home that was used but has no webhook token any more: the next start makes another.

    Raises:
        SettingsError: ``.env`` cannot be read.
    """
    ran = home.env.exists() or home.journal_db.exists()
    return ran and home.settings_file.exists() and not environment(home.env).get(WEBHOOK_TOKEN)


def prepare(home: Home, profile: str = "default", webhook_token: str | None = None) -> bool:
    """Create what a home needs and lacks; True when the settings file was written now.

    Raises:
        SettingsError: The home cannot be used.
    """
    home.create()
    fresh = not home.settings_file.exists()
    if fresh:
        write_settings(home, profile)
    ensure_tokens(home, webhook_token)
    return fresh
