"""What was learned of a server outlives a gateway, and can be lost."""

from pathlib import Path

import pytest

from zepix_core.broker.mt5.memory import Memory
from zepix_core.broker.mt5.numbers import Filling
from zepix_core.broker.mt5.server_time import Offsets


def test_offsets_and_policies_are_kept_by_server(tmp_path: Path) -> None:
    file = tmp_path / "mt5.json"
    offsets = Offsets().measured(7200, 10**18).measured(10_800, 2 * 10**18)
    kept = Memory(file, "Broker-Demo")
    kept.keep_offsets(offsets)
    kept.keep_filling("EURUSD", Filling.IOC)
    again = Memory(file, "Broker-Demo")
    assert again.offsets == offsets
    assert again.filling("EURUSD") is Filling.IOC and again.filling("GOLD") is None
    other = Memory(file, "Broker-Real")
    assert other.offsets == Offsets() and other.filling("EURUSD") is None
    other.keep_filling("EURUSD", Filling.FOK)
    assert Memory(file, "Broker-Demo").filling("EURUSD") is Filling.IOC


@pytest.mark.parametrize(
    "text",
    ["", "no json", "[]", '{"Broker-Demo": {"offsets": [["x", "y"]]}}', '{"Broker-Demo": {"offsets": 5}}'],
)
def test_a_damaged_file_is_an_empty_one(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mt5.json"
    file.write_text(text)
    memory = Memory(file, "Broker-Demo")
    assert memory.offsets == Offsets() and memory.filling("EURUSD") is None


def test_without_a_file_nothing_is_kept() -> None:
    memory = Memory(None, "Broker-Demo")
    memory.keep_filling("EURUSD", Filling.IOC)
    assert memory.filling("EURUSD") is Filling.IOC


def test_a_folder_that_is_not_there_costs_the_memory_alone(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "missing" / "mt5.json", "Broker-Demo")
    memory.keep_filling("EURUSD", Filling.IOC)
    assert memory.filling("EURUSD") is Filling.IOC
