"""Closing one position twice, from the command line."""

import json
from pathlib import Path

from zepix_core.testing.process import RunningHost

BUY = {"id": "close-1", "symbol": "EURUSD", "action": "buy", "lots": 0.02, "price": 1.085, "sl": 1.08}


def test_closing_again_says_that_it_was_closed(tmp_path: Path) -> None:
    with RunningHost(tmp_path / "home", profile="bench") as host:
        host.start()
        host.post(json.dumps(BUY))
        host.settled()
        (row,) = host.rows("positions", "list")
        ticket = str(row["ticket"])
        assert "closed already" not in host.cli("positions", "close", ticket, check=True).stdout
        again = host.cli("positions", "close", ticket)
        assert again.returncode == 0
        assert again.stdout.startswith(f"Position {ticket}: it was closed already; nothing was done.")
