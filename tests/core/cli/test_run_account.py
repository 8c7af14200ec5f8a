"""What belongs to the paper account does not meet another one."""

from pathlib import Path

import pytest

from zepix_core.cli.run import run_host
from zepix_core.config.home import Home
from zepix_core.errors import UsageError

MT5 = 'broker = "mt5"\nmt5_login = 1\nmt5_password = "${MT5_PASSWORD}"\nmt5_server = "Broker-Real"\n'


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    made.settings_file.write_text(f"{MT5}live = true\n")
    made.env.write_text("MT5_PASSWORD=hunter2hunter2\n")
    made.env.chmod(0o600)
    return made


def test_the_demo_is_not_played_at_a_brokers_account(home: Home) -> None:
    with pytest.raises(UsageError, match="would be traded"):
        run_host(home, demo=True)


def test_real_money_is_not_traded_in_one_process(home: Home) -> None:
    with pytest.raises(UsageError, match="for debugging"):
        run_host(home, inline=True)
