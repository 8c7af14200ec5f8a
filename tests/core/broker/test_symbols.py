"""Facts of the paper broker's symbols."""

import pytest

from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.broker.paper.symbols import PaperSymbol, paper_symbols
from zepix_core.broker.symbol_settings import SymbolSettings
from zepix_core.errors import SettingsError


def symbols(settings: PaperSettings | None = None, **said: SymbolSettings) -> dict[str, PaperSymbol]:
    return {s.info.name: s for s in paper_symbols(settings or PaperSettings(), said)}


def test_the_built_in_symbols_have_the_facts_of_the_sheet() -> None:
    facts = {
        name: (s.info.digits, s.info.pip_size, s.info.pip_value, s.info.contract_size, s.info.volatility)
        for name, s in symbols().items()
    }
    assert facts == {
        "EURUSD": (5, 0.0001, 10.0, 100_000, "LOW"),
        "GBPUSD": (5, 0.0001, 10.0, 100_000, "MEDIUM"),
        "AUDUSD": (5, 0.0001, 10.0, 100_000, "MEDIUM"),
        "NZDUSD": (5, 0.0001, 10.0, 100_000, "MEDIUM"),
        "USDCAD": (5, 0.0001, 8.0, 100_000, "MEDIUM"),
        "USDJPY": (3, 0.01, 9.1, 100_000, "MEDIUM"),
        "EURJPY": (3, 0.01, 9.5, 100_000, "HIGH"),
        "GBPJPY": (3, 0.01, 9.0, 100_000, "HIGH"),
        "AUDJPY": (3, 0.01, 9.2, 100_000, "HIGH"),
        "XAUUSD": (2, 0.10, 10.0, 100, "HIGH"),
        "XAGUSD": (3, 0.01, 50.0, 5_000, "HIGH"),
    }


def test_a_typical_gold_spread_is_below_the_limit_for_gold() -> None:
    gold = symbols()["XAUUSD"]
    assert gold.info.max_spread_pips == 3.0
    assert gold.spread_points * gold.info.point / gold.info.pip_size < 2.0


def test_the_operator_has_the_last_word() -> None:
    said = SymbolSettings(
        pip_size=0.01, pip_value_per_std_lot=1.0, min_lot=0.05, max_lot=5.0, max_spread_pips=40.0
    )
    info = symbols(XAUUSD=said)["XAUUSD"].info
    assert (info.pip_size, info.pip_value, info.max_spread_pips) == (0.01, 1.0, 40.0)
    assert (info.volume_min, info.volume_max) == (0.05, 5.0)


def test_another_pip_size_keeps_the_money_of_a_price() -> None:
    info = symbols(XAUUSD=SymbolSettings(pip_size=0.01))["XAUUSD"].info
    assert info.pip_value == 1.0


def test_more_digits_keep_price_and_spread() -> None:
    gold = symbols(XAUUSD=SymbolSettings(digits=3))["XAUUSD"]
    assert gold.start_bid == 2035.0
    assert gold.spread_points * gold.info.point == pytest.approx(0.18)


def test_a_further_symbol_gets_facts_from_its_name() -> None:
    made = symbols(CADJPY=SymbolSettings(), EURCAD=SymbolSettings())
    assert (made["CADJPY"].info.digits, made["CADJPY"].info.pip_size) == (3, 0.01)
    assert made["CADJPY"].info.pip_value == pytest.approx(1000 / 148.2)
    assert (made["EURCAD"].info.digits, made["EURCAD"].info.currency_profit) == (5, "CAD")
    assert made["EURCAD"].start_bid == 0.0


def test_start_price_and_spread_can_be_set() -> None:
    settings = PaperSettings(start_prices={"US30": 38_000.0}, spread_pips={"US30": 2.0, "EURUSD": 1.5})
    made = symbols(settings, US30=SymbolSettings(digits=1, pip_size=1.0, contract_size=1.0))
    assert (made["US30"].start_bid, made["US30"].spread_points) == (38_000.0, 20)
    assert made["US30"].info.pip_value == 1.0
    assert made["EURUSD"].spread_points == 15


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        symbols(EURPLN=SymbolSettings(), EURUSD=SymbolSettings(min_lot=2.0, max_lot=1.0))
    assert len(caught.value.faults) == 2
    assert "no rate for PLN" in str(caught.value) and "min_lot" in str(caught.value)


def test_the_bench_profile_never_closes() -> None:
    assert all(s.info.always_open for s in symbols(PaperSettings(market_always_open=True)).values())
