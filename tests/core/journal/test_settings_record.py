"""A start writes down which settings and secrets are not as the start before found them, and who started."""

import json
from pathlib import Path
from typing import Any

import pytest

from zepix_core.config.files import load_settings
from zepix_core.config.home import Home
from zepix_core.config.profiles import prepare
from zepix_core.config.secrets import Secret, new_token, save_env
from zepix_core.journal.keeper import RecordKeeper
from zepix_core.journal.upgrade import upgrade
from zepix_core.model.command import HumanCommand
from zepix_core.storage.connection import Durability
from zepix_core.storage.executor import SameThread
from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.host import PaperHost

SECRET_URL = "https://chat.example/very-secret-path"


class Starts:
    """A home that is started again and again."""

    def __init__(self, home: Home, journal: SameThread) -> None:
        self.home, self.journal, self._seen = home, journal, 0

    async def start(self) -> list[tuple[str, dict[str, Any]]]:
        """What the next start writes down of settings and secrets."""
        keeper = RecordKeeper(self.home, load_settings(self.home).settings, self.journal, VirtualClock())
        await keeper.start()
        query = "SELECT kind, payload FROM journal_events WHERE kind IN ('config', 'secret') AND seq > ?"
        rows = await self.journal.read(lambda c: c.execute(query, (self._seen,)).fetchall())
        self._seen += len(rows)
        await keeper.stop()
        return [(kind, json_of(payload)) for kind, payload in rows]


def json_of(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.fixture
async def starts(tmp_path: Path) -> Starts:
    home = Home(tmp_path / "home")
    prepare(home)
    journal = SameThread(home.journal_db, Durability.FULL)
    await journal.run(upgrade)
    return Starts(home, journal)


async def test_the_first_start_notes_the_settings_and_the_same_ones_are_noted_once(starts: Starts) -> None:
    ((kind, facts),) = await starts.start()
    assert (kind, facts["file"], facts["old"], len(facts["new"])) == ("config", "zepix.toml", "", 16)
    assert facts["by"].startswith("start")
    assert await starts.start() == []


async def test_a_changed_setting_is_told_with_both_values_and_hashes(starts: Starts) -> None:
    ((_, first),) = await starts.start()
    starts.home.settings_file.write_text("rr_ratio = 2.5\n# a comment\n", encoding="utf-8")
    ((_, facts),) = await starts.start()
    assert facts["changed"] == {"rr_ratio": [1.5, 2.5]}
    assert facts["old"] == first["new"] != facts["new"]
    starts.home.settings_file.write_text("rr_ratio = 2.5\n", encoding="utf-8")
    assert await starts.start() == []


async def test_a_plugins_file_that_comes_changes_and_goes_is_told(starts: Starts) -> None:
    await starts.start()
    file = starts.home.plugins / "one.toml"
    file.write_text('plugin_id = "one"\nsince = 2026-01-05\n[settings]\nlots = 1\n', encoding="utf-8")
    ((_, facts),) = await starts.start()
    assert (facts["file"], facts["old"]) == ("plugins/one.toml", "")
    file.write_text('plugin_id = "one"\nsince = 2026-01-05\n[settings]\nlots = 2\n', encoding="utf-8")
    ((_, facts),) = await starts.start()
    assert facts["changed"] == {"settings.lots": [1, 2]}
    file.unlink()
    ((_, gone),) = await starts.start()
    assert (gone["file"], gone["old"], gone["new"]) == ("plugins/one.toml", facts["new"], "")


async def test_a_secret_that_changed_is_seen_and_not_shown(starts: Starts) -> None:
    await starts.start()
    token, other = new_token(), new_token()
    save_env(starts.home.env, {"ZEPIX_WEBHOOK_TOKEN": Secret(token), "ZEPIX_NOTIFY_URL": Secret(SECRET_URL)})
    told = await starts.start()
    assert [(kind, facts["name"]) for kind, facts in told] == [
        ("secret", "ZEPIX_NOTIFY_URL"),
        ("secret", "ZEPIX_WEBHOOK_TOKEN"),
    ]
    assert (told[0][1]["old"], len(told[0][1]["new"])) == ("", 4)
    starts.home.settings_file.write_text('notify.webhook.url = "${ZEPIX_NOTIFY_URL}"\n', encoding="utf-8")
    ((_, facts),) = await starts.start()
    assert facts["changed"] == {"notify.webhook.url": ["", "https://chat.example/***"]}
    save_env(starts.home.env, {"ZEPIX_WEBHOOK_TOKEN": Secret(other)})
    await starts.start()
    kept = await starts.journal.read(
        lambda c: str(
            c.execute("SELECT value FROM host_state UNION SELECT payload FROM journal_events").fetchall()
        )
    )
    assert "very-secret" not in kept
    assert token not in kept
    assert other not in kept


async def test_many_changes_are_counted_and_what_cannot_be_read_ends_no_start(starts: Starts) -> None:
    await starts.start()
    keys = "".join(f"[symbol_config.S{number}]\ndigits = 3\n" for number in range(30))
    starts.home.settings_file.write_text(keys, encoding="utf-8")
    ((_, facts),) = await starts.start()
    assert len(facts["changed"]) == 25
    assert facts["more"] == 5
    (starts.home.plugins / "bad.toml").mkdir()
    assert await starts.start() == []


async def test_a_command_is_written_before_what_comes_of_it_and_with_its_alert(tmp_path: Path) -> None:
    entry = (
        "INSERT INTO intents (intent_id, alert_key, alert_id, plugin, leg, account, book, action, symbol,"
        " side, lots, magic, comment, state, position_id, created_ns, updated_ns, sequence) VALUES"
        " ('i', 'k', 7, 'p', 'A', 'a', 'live', 'open', 'X', 'BUY', 1, 1, 'c', 'closed', 12, 1, 1, 1)"
    )
    told = (
        "SELECT kind, alert_id, intent_id, payload FROM journal_events"
        " WHERE kind IN ('command', 'control') ORDER BY seq"
    )
    async with PaperHost(tmp_path / "home", settings={"plugin_system": {"enabled": False}}) as paper:
        host = paper.host
        await host.journal.run(lambda c: c.execute(entry) and None)
        close = HumanCommand(name="close", by="cli:me", origin="api", arguments={"ticket": 12})
        host.front.note_command(close)
        host.front.note_command(HumanCommand(name="pause", by="bot:7", origin="chat 5", nonce="n1"))
        await host.front.pause("bot:7")
        rows = await host.journal.read(lambda c: c.execute(told).fetchall())
    assert [row[:3] for row in rows] == [
        ("command", 7, "i"),
        ("command", None, None),
        ("control", None, None),
    ]
    facts = json_of(rows[1][3])
    assert facts == {"name": "pause", "by": "bot:7", "from": "chat 5", "nonce": "n1", "arguments": {}}
