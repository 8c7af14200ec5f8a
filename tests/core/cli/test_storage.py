"""How commands show a journal that cannot be written."""

from zepix_core.cli.checkup import storage_finding
from zepix_core.cli.finding import BAD, OK
from zepix_core.cli.storage import storage_state

FINE = {"storage": "", "storage_since_ns": 0}
FULL = {"storage": "database or disk is full", "storage_since_ns": 1_767_614_400_000_000_000}


def test_a_journal_that_can_be_written_is_fine() -> None:
    assert storage_state(FINE) == "writable"
    assert storage_finding(FINE).result == OK


def test_one_that_cannot_says_since_when_why_and_what_to_do() -> None:
    finding = storage_finding(FULL)
    assert finding.detail == "cannot be written since 2026-01-05T12:00:00.000Z: database or disk is full"
    assert finding.result == BAD
    assert "Make room" in finding.next
    assert "503" in finding.next
