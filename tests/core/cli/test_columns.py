"""Tables show what a person needs in 100 columns; ids and numbers are never cut."""

import pytest

from zepix_core.cli import columns
from zepix_core.cli.columns import Column
from zepix_core.cli.output import print_compact

ALERT = {
    "id": 1204, "received_at": "2026-01-05T12:00:01.250Z", "kind": "trend_pulse_v3", "symbol": "XAUUSD",
    "timeframe": "240", "state": "refused", "reason": "invalid_consensus_score",
    "deliveries": [
        {"plugin": "combined_v3", "state": "rejected", "reason": "invalid_consensus_score"},
        {"plugin": "bracket", "state": "nothing", "reason": "unknown_kind"},
    ],
}  # fmt: skip
ORDER = {
    "intent_id": "k7p2m4x9qa", "alert_id": 1204, "plugin": "combined_v3", "leg": "A", "action": "open",
    "symbol": "XAUUSD", "side": "BUY", "lots": 0.05, "sl": 4489.376, "tp": 4571.976, "state": "filled",
    "ticket": 10234, "comment": "v3:k7p2m4x9qa:A",
}  # fmt: skip
PLACE = {
    **ORDER, "price_open": 4522.416, "price": 4522.416, "price_close": 4571.976, "profit": -1234.56,
    "status": "closed", "reason": "tp", "volume": 0.05,
}  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "row"),
    [
        (columns.alerts(), ALERT),
        (columns.ORDERS, ORDER),
        (columns.POSITIONS, PLACE),
        (columns.TRADES, PLACE),
        (columns.PAPER_ORDERS, PLACE),
        (columns.PAPER_POSITIONS, PLACE),
    ],
    ids=["alerts", "orders", "positions", "trades", "paper orders", "paper positions"],
)
def test_a_typical_row_is_one_line_of_100_columns_with_whole_ids_and_numbers(
    shown: tuple[Column, ...], row: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    print_compact([row], shown, 100)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert all(len(line.rstrip()) <= 100 for line in lines)
    cells = lines[2].split()
    for column in shown:
        if not column.free:
            assert column.text(row) in cells


@pytest.mark.parametrize("width", [20, 80])
def test_a_number_is_whole_where_it_has_no_room(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    print_compact([ORDER], columns.ORDERS, width)
    assert "k7p2m4x9qa" in capsys.readouterr().out.splitlines()[2].split()


def test_off_a_terminal_nothing_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    print_compact([ALERT], columns.alerts())
    told = capsys.readouterr().out
    assert "combined_v3: invalid_consensus_score, bracket: unknown_kind" in told


@pytest.mark.parametrize(("today", "text"), [("2026-01-05", "12:00:01"), ("2026-01-06", "2026-01-05")])
def test_an_arrival_is_a_time_today_and_else_a_date(today: str, text: str) -> None:
    (received,) = (column for column in columns.alerts(today) if column.head == "received")
    assert received.text(ALERT) == text


def test_a_position_without_a_close_has_a_dash() -> None:
    assert Column("close", "price_close").text({"price_close": None}) == "-"
