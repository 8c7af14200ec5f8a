"""The supervisor starts the host again after a crash, and only then."""

import sys
from pathlib import Path

import pytest

from zepix_core.cli import supervise as supervising
from zepix_core.cli.supervise import FIRST_WAIT, LONGEST_WAIT, GaveUp, child_arguments, next_wait, supervise


def test_the_host_gets_the_same_options(tmp_path: Path) -> None:
    options = {"port": 0, "api_port": None, "demo": True, "safe": False, "plugin_dev": Path("x")}
    assert child_arguments(tmp_path, options) == [
        "--home", str(tmp_path), "run", "--port", "0", "--demo", "--plugin-dev", "x",
    ]  # fmt: skip


def test_waits_double_to_a_minute_and_begin_anew_after_health() -> None:
    wait, waits = FIRST_WAIT, []
    for _ in range(9):
        waits.append(wait)
        wait = next_wait(wait, 1.0)
    assert waits == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]
    assert next_wait(LONGEST_WAIT, 600.0) == FIRST_WAIT


@pytest.mark.parametrize("code", [0, 2, 4])
def test_an_end_on_purpose_is_final(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    starts = stand_in(monkeypatch, [f"raise SystemExit({code})"])
    assert supervise([]) == code
    assert len(starts) == 1


def test_a_crash_is_followed_by_a_new_start(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = stand_in(monkeypatch, ["raise SystemExit(70)", "import os; os.abort()", "raise SystemExit(0)"])
    monkeypatch.setattr(supervising, "FIRST_WAIT", 0.01)
    assert supervise([]) == 0
    assert len(starts) == 3


def test_crash_after_crash_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = stand_in(monkeypatch, ["raise SystemExit(70)"] * 20)
    monkeypatch.setattr(supervising, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(supervising, "LONGEST_WAIT", 0.002)
    with pytest.raises(GaveUp) as caught:
        supervise([])
    assert caught.value.exit_code == 70
    assert len(starts) == supervising.MOST_STARTS


def stand_in(monkeypatch: pytest.MonkeyPatch, programs: list[str]) -> list[str]:
    """Run small programs in place of the host, one after the other."""
    import subprocess

    started: list[str] = []

    def start(_: object) -> "subprocess.Popen[bytes]":
        started.append(programs[len(started)])
        return subprocess.Popen([sys.executable, "-c", started[-1]], stderr=subprocess.DEVNULL)

    monkeypatch.setattr(supervising, "_start", start)
    return started
