"""Doubles whose terminal is attached."""

import pytest
from tests.core.testing.fake_mt5.desk import Desk

from zepix_core.testing.fake_mt5 import MT5


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def netting() -> Desk:
    return Desk(margin_mode=MT5.ACCOUNT_MARGIN_MODE_RETAIL_NETTING)
