"""What commands say of a stopped host, from its files."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from zepix_core.cli.checkup import limit_findings
from zepix_core.cli.crash import named_home
from zepix_core.cli.main import run
from zepix_core.cli.plugins.list import stopped_rows
from zepix_core.config.home import Home
from zepix_core.config.profiles import prepare
from zepix_core.config.secrets import API_TOKEN, WEBHOOK_TOKEN, read_env
from zepix_core.plugins.lockfile import LockEntry, write_lock


@pytest.fixture
def ask(traded_home: Home, capsys: pytest.CaptureFixture[str]) -> Any:
    def ask(*arguments: str) -> Any:
        assert run([*arguments, "--home", str(traded_home.path)]) == 0
        return capsys.readouterr().out

    return ask


def test_alert_rows_have_the_promised_fields(ask: Any) -> None:
    rows = json.loads(ask("alerts", "list", "--format", "json", "--all"))
    promised = {"id", "key", "external_id", "received_at", "kind", "symbol", "timeframe", "state", "reason"}
    assert [row["id"] for row in rows] == [1, 2, 3]
    assert all(promised | {"body"} <= set(row) for row in rows)
    assert rows[0]["body"].startswith('{"type":"entry_v3"')


def test_order_rows_have_the_promised_fields(ask: Any) -> None:
    rows = json.loads(ask("orders", "list", "--format", "json"))
    promised = [
        "intent_id",
        "alert_id",
        "external_id",
        "plugin",
        "leg",
        "action",
        "symbol",
        "side",
        "lots",
        "price",
        "sl",
        "tp",
        "state",
        "ticket",
        "comment",
    ]
    assert [name for name in rows[0] if name in promised] == promised


def test_json_lines_are_an_object_a_line(ask: Any) -> None:
    lines = ask("paper", "orders", "--format", "json-lines").splitlines()
    assert [json.loads(line)["comment"] for line in lines] == ["v3:intent000a:A", "v3:intent000b:B"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("alerts", "list"), ("2026-01-05", "combined_v3: acted", "expired")),
        (("orders", "list"), ("intent000a", "intent000b")),
        (("trades", "list"), ("closed", "99")),
        (("paper", "orders"), ("v3:intent000a:A",)),
        (("positions", "list"), ("12", "combined_v3")),
        (("paper", "positions"), ("v3:intent000b:B",)),
        (("account",), ("10099",)),
    ],
)
def test_tables_print_ids_in_full(ask: Any, arguments: tuple[str, ...], told: tuple[str, ...]) -> None:
    text = ask(*arguments)
    assert all(part in text for part in told)


def test_why_tells_fields_gates_sizing_replies_and_latencies(ask: Any) -> None:
    text = ask("why", "x-1")
    for part in (
        "Alert 1 (x-1): done. combined_v3 opened 2 orders: BUY 0.05 + 0.05 XAUUSD.",
        "consensus_score  8",
        "pass  consensus: 8 >= 5",
        "FAIL  trend: 1 is not >= 3  bypassed",
        "tier 10000 = 0.05",
        "pass  spread: 2 <= 3",
        "retcode=10009, after 1.2 ms",
        "position 11: closed",
    ):
        assert part in text
    assert json.loads(ask("why", "1", "--format", "json"))["alert"]["external_id"] == "x-1"


def test_url_says_how_to_get_a_public_address(traded_home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    token = read_env(traded_home.env)[WEBHOOK_TOKEN].reveal()
    assert run(["url", "--home", str(traded_home.path)]) == 0
    told = capsys.readouterr()
    assert told.out == f"http://127.0.0.1:8080/webhook/{token}\n"
    assert "for programs on this machine" in told.err
    assert "ports 80 and 443" in told.err
    traded_home.settings_file.write_text('[web]\npublic_url = "https://a.example/"\n')
    assert run(["url", "--home", str(traded_home.path)]) == 0
    assert capsys.readouterr() == (f"https://a.example/webhook/{token}\n", "")


def test_url_prints_an_address_tradingview_cannot_call_with_a_warning(
    traded_home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    traded_home.settings_file.write_text('[web]\npublic_url = "https://a.example:8443"\n')
    assert run(["url", "--format", "json", "--home", str(traded_home.path)]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["public"].startswith("https://a.example:8443/webhook/")
    assert "8443" in told.err


def test_settings_are_shown_with_their_source_and_no_secret(
    traded_home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    token = read_env(traded_home.env)[API_TOKEN].reveal()
    traded_home.settings_file.write_text(f'[web]\npublic_url = "https://a.example/${{{API_TOKEN}}}"\n')
    assert run(["config", "show", "--format", "json", "--home", str(traded_home.path)]) == 0
    text = capsys.readouterr().out
    rows = {row["key"]: row for row in json.loads(text)}
    assert rows["web.public_url"] == {
        "key": "web.public_url",
        "value": "https://a.example/***",
        "source": "zepix.toml",
    }
    assert rows["webhook.port"]["source"] == "default"
    assert token not in text


def test_the_databases_are_checked(ask: Any, traded_home: Home) -> None:
    rows = {row["file"]: row["state"] for row in json.loads(ask("db", "check", "--format", "json"))}
    assert rows == {"journal.db": "ok", "paper.db": "ok"}


def test_a_plugin_that_the_lock_holds_back_is_not_enabled(traded_home: Home) -> None:
    rows = stopped_rows(traded_home)
    assert all(row["enabled"] for row in rows)
    traded_home.lock_file.write_text("")
    assert [(row["id"], row["enabled"]) for row in stopped_rows(traded_home)] == [
        (row["id"], False) for row in rows
    ]
    names = {row["distribution"] for row in rows}
    write_lock(traded_home.lock_file, {n: LockEntry(name=n, version="1", enabled=True) for n in names})
    assert stopped_rows(traded_home) == rows


def checks_of(home: Home, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Rows of `zepix doctor` by name; its exit code hangs on which ports of this machine are free."""
    assert run(["doctor", "--format", "json", "--home", str(home.path)]) in (0, 1)
    return {row["name"]: row for row in json.loads(capsys.readouterr().out)["checks"]}


@pytest.mark.parametrize("damage", ["tail", "head"])
@pytest.mark.parametrize("arguments", [["alerts", "list"], ["why", "1"], ["orders", "list"]])
def test_a_damaged_journal_is_4_and_says_what_to_do(
    traded_home: Home, capsys: pytest.CaptureFixture[str], arguments: list[str], damage: str
) -> None:
    whole = traded_home.journal_db.read_bytes()
    start = 0 if damage == "head" else 4096
    traded_home.journal_db.write_bytes(whole[:start] + b"damaged!" * ((len(whole) - start) // 8))
    assert run([*arguments, "--home", str(traded_home.path)]) == 4
    told = capsys.readouterr()
    assert told.out == ""
    assert "journal.db cannot be read: " in told.err
    assert told.err.endswith("put the newest backup from the folder backups in its place.\n")


def test_positions_of_a_plugin_that_is_off_are_a_warning(
    traded_home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    traded_home.lock_file.write_text("")
    row = checks_of(traded_home, capsys)["positions of combined_v3"]
    assert (row["result"], row["next"].partition(", or ")[2]) == ("warning", "zepix positions close")
    assert row["detail"].startswith("1 open while the plugin is off")


def test_the_table_of_orders_has_the_reason(traded_home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    with sqlite3.connect(traded_home.journal_db) as connection:
        connection.execute("UPDATE intents SET reason = 'INVALID_STOPS' WHERE leg = 'A'")
    assert run(["orders", "list", "--home", str(traded_home.path)]) == 0
    assert "INVALID_STOPS" in capsys.readouterr().out


def test_a_limit_that_is_reached_is_a_warning_with_the_way_out() -> None:
    limit = {
        "scope": "account", "which": "daily", "loss": 51.0, "limit": 40.0, "until": None,
        "lift": "zepix limits reset daily",
    }  # fmt: skip
    (finding,) = limit_findings([limit])
    assert (finding.result, finding.next) == ("warning", "zepix limits reset daily")
    assert finding.detail == "reached, 51.00 of 40; no entries until a person lifts it"


def test_the_home_of_the_crash_log_is_the_one_that_was_named() -> None:
    assert named_home(["alerts", "list", "--home", "here"]) == "here"
    assert named_home(["--home=here", "run"]) == "here"
    assert named_home(["run"]) is None


def test_the_doctor_names_the_sqlite(traded_home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    checks = checks_of(traded_home, capsys)
    assert sqlite3.sqlite_version in checks["sqlite"]["detail"]
    assert checks["sqlite"]["ok"]


def test_a_changed_journal_is_found_out(traded_home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    with sqlite3.connect(traded_home.journal_db) as connection:
        connection.execute("""UPDATE journal_events SET payload = '{"token":"x"}' WHERE seq = 1""")
    (traded_home.data / "other.db").write_bytes(b"this is no database, whatever its name says" * 100)
    assert run(["db", "check", "--format", "json", "--home", str(traded_home.path)]) == 1
    rows = {row["file"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["journal.db"]["state"] == "bad"
    assert rows["other.db"]["state"] == "bad"
    assert rows["paper.db"]["state"] == "ok"


def test_totals_that_are_wrong_are_found_and_counted_again(
    traded_home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(traded_home.journal_db) as connection:
        connection.execute("UPDATE totals SET result = result + 1 WHERE day_ns = 0")
    check = ["db", "check", "--format", "json", "--home", str(traded_home.path)]
    assert run(check) == 1
    rows = {row["file"]: row for row in json.loads(capsys.readouterr().out)}
    assert "the totals of combined_v3 (live, all days)" in rows["journal.db"]["detail"]
    assert run([*check, "--repair"]) == 0
    capsys.readouterr()
    assert run(check) == 0


def test_a_journal_without_totals_gets_them(traded_home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    with sqlite3.connect(traded_home.journal_db) as connection:
        connection.execute("DROP TABLE totals")
    check = ["db", "check", "--format", "json", "--home", str(traded_home.path)]
    assert run([*check, "--repair"]) == 0
    assert {row["state"] for row in json.loads(capsys.readouterr().out)} == {"ok"}
    with sqlite3.connect(traded_home.journal_db) as connection:
        assert connection.execute("SELECT sum(deals) FROM totals WHERE day_ns = 0").fetchone()[0] > 0


def test_a_home_without_a_journal_has_nothing_to_repair(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Home(tmp_path / "home")
    prepare(home, "default")
    assert run(["db", "check", "--repair", "--home", str(home.path)]) == 4
    assert "There is no journal to repair" in capsys.readouterr().err
    assert not home.journal_db.exists()


def test_a_damaged_journal_is_not_repaired(traded_home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    data = bytearray(traded_home.journal_db.read_bytes())
    data[8192:] = b"?" * (len(data) - 8192)
    traded_home.journal_db.write_bytes(data)
    assert run(["db", "check", "--repair", "--home", str(traded_home.path)]) == 4
    assert "malformed" in capsys.readouterr().err


def test_the_doctor_finds_what_is_wrong(traded_home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    traded_home.settings_file.write_text("[webhook]\nport = 0\n[api]\nport = 0\n")
    assert run(["doctor", "--format", "json", "--home", str(traded_home.path)]) == 0
    assert {row["result"] for row in json.loads(capsys.readouterr().out)["checks"]} <= {"ok", "warning"}
    traded_home.settings_file.write_text("nonsense = 1\n")
    assert run(["doctor", "--format", "json", "--home", str(traded_home.path)]) == 1
    (bad,) = [row for row in json.loads(capsys.readouterr().out)["checks"] if not row["ok"]]
    assert bad["name"] == "settings"
    assert "nonsense" in bad["detail"]


def test_logs_are_filtered_and_readable(traded_home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["logs", "--home", str(traded_home.path)]
    assert run(arguments) == 1
    capsys.readouterr()
    traded_home.log_file.write_text(
        '{"at": "T1", "level": "info", "logger": "a", "event": "one", "alert_id": 1, "plugin": "p"}\n'
        '{"at": "T2", "level": "error", "logger": "b", "event": "two", "exception": "Boom"}\nplain\n'
    )
    assert run(arguments) == 0
    text = capsys.readouterr().out
    assert "T1 info     one  logger=a alert_id=1 plugin=p" in text
    assert "Boom" in text
    assert "plain" in text
    assert run([*arguments, "--alert", "1"]) == 0
    assert capsys.readouterr().out.count("\n") == 1
    assert run([*arguments, "--alert", "999"]) == 0
    told = capsys.readouterr()
    assert (told.out, told.err[:37]) == ("", "The log has no line about alert 999. ")
    assert run([*arguments, "--plugin", "nosuch"]) == 0
    assert "no line about plugin nosuch. There is no such plugin." in capsys.readouterr().err
    assert run([*arguments, "--lines", "1", "--json"]) == 0
    assert capsys.readouterr().out == "plain\n"


def test_init_keeps_what_is_there_unless_a_profile_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Home(tmp_path / "new")
    base = ["init", "--home", str(home.path)]
    assert run([*base, "--webhook-token", "my-own-token-for-tests"]) == 0
    assert read_env(home.env)[WEBHOOK_TOKEN].reveal() == "my-own-token-for-tests"
    assert "my-own-token-for-tests" not in capsys.readouterr().out
    home.settings_file.write_text("host_id = 3\n")
    assert run(base) == 0
    assert home.settings_file.read_text() == "host_id = 3\n"
    assert run([*base, "--profile", "bench", "--yes"]) == 0
    assert 'profile = "bench"' in home.settings_file.read_text()
    home.settings_file.write_text("live = true\n")
    assert run([*base, "--profile", "bench", "--yes"]) == 4
    assert home.settings_file.read_text() == "live = true\n"


def test_init_refuses_a_token_that_an_address_would_change(tmp_path: Path) -> None:
    assert run(["init", "--webhook-token", "a/b", "--home", str(tmp_path / "new")]) == 4
    assert not (tmp_path / "new").exists()
