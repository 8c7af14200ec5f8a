"""A MetaTrader 5 terminal in memory: the module's names, the broker's behaviour, and faults on demand.

For tests of gateways, and of anything that trades through one, on any system. What it does otherwise than
a real terminal stands in `KNOWN_DIVERGENCES`: passing here is not proof that something works at a broker.
"""

from zepix_core.testing.fake_mt5.accounts import FakeAccount
from zepix_core.testing.fake_mt5.constants import MT5, Masks
from zepix_core.testing.fake_mt5.divergences import KNOWN_DIVERGENCES
from zepix_core.testing.fake_mt5.module import FakeMT5
from zepix_core.testing.fake_mt5.refusals import ConcurrentCalls, Refused
from zepix_core.testing.fake_mt5.symbols import FakeSymbol, forex, gold

__all__ = [
    "KNOWN_DIVERGENCES",
    "MT5",
    "ConcurrentCalls",
    "FakeAccount",
    "FakeMT5",
    "FakeSymbol",
    "Masks",
    "Refused",
    "forex",
    "gold",
]
