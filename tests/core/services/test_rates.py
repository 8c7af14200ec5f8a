"""Entries a minute: the host's, the plugin's, the symbol's."""

from zepix_core.config.risk import RateSettings
from zepix_core.services.rates import RateWindow

RATES = RateSettings(host_per_minute=4, plugin_per_minute=3, symbol_per_minute=2)


def test_the_third_entry_on_a_symbol_waits_until_the_first_is_a_minute_old() -> None:
    window = RateWindow()
    for at in (0.0, 10.0):
        assert window.wait(at, "a", "EURUSD", RATES) == 0.0
        window.record(at, "a", "EURUSD")
    assert window.wait(20.0, "a", "EURUSD", RATES) == 40.0
    assert window.wait(20.0, "a", "XAUUSD", RATES) == 0.0
    assert window.wait(60.0, "a", "EURUSD", RATES) == 0.0


def test_a_plugin_and_the_host_have_rates_of_their_own() -> None:
    window = RateWindow()
    for symbol in ("S1", "S2", "S3"):
        window.record(0.0, "a", symbol)
    assert window.wait(1.0, "a", "S4", RATES) == 59.0
    assert window.wait(1.0, "b", "S4", RATES) == 0.0
    window.record(1.0, "b", "S4")
    assert window.wait(2.0, "c", "S5", RATES) == 58.0
