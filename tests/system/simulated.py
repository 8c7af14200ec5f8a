"""What plays in the simulator when all shipped plugins do: V3, the four of V6, and the bracket."""

import json
from random import Random

from zepix_core.plugins.discovery import discover
from zepix_core.testing.simulator.cast import Cast
from zepix_plugins_v6.profiles import PROFILES

DISTRIBUTIONS = ("zepix-bracket", "zepix-plugins-v3", "zepix-plugins-v6")
PRICES = {"EURUSD": 1.168, "GBPUSD": 1.264}
ENTRIES = ("Momentum_Breakout", "Mitigation_Test_Entry", "Liquidity_Trap_Reversal", "Screener_Full_Bullish")


def shipped() -> Cast:
    """All shipped plugins, live, with alerts for each of them."""
    return Cast(
        distributions=tuple(found for found in discover() if found.name in DISTRIBUTIONS),
        compose=body,
        plugin_settings={profile.id: {"shadow_mode": False} for profile in PROFILES},
        once=False,  # V3 closes and opens again for one alert
    )


def body(chance: Random, number: int) -> str:
    """An alert that some plugin takes, near the price it will meet."""
    makers = (v3_entry, v3_entry, v3_entry, v3_exit, v3_pulse, v6_entry, v6_entry, v6_exit, v6_pulse)
    return chance.choice((*makers, bracket, bracket_close))(chance, number)


def v3_entry(chance: Random, number: int) -> str:
    symbol, price, sign = _where(chance)
    distance = chance.choice((0.0008, 0.0015, 0.003))
    return json.dumps(
        {
            "type": "entry_v3", "signal_type": chance.choice(ENTRIES), "symbol": symbol,
            "direction": "buy" if sign > 0 else "sell", "tf": chance.choice(("5", "15", "60", "240")),
            "price": price, "consensus_score": chance.choice((4, 6, 8)),
            "sl_price": round(price - sign * distance, 5), "tp1_price": round(price + sign * distance, 5),
            "tp2_price": round(price + sign * 2 * distance, 5),
            "mtf_trends": ",".join(["1" if sign > 0 else "-1"] * 5), "market_trend": sign,
            "volume_delta_ratio": 1.2, "price_in_ob": True, "position_multiplier": 0.6, "id": f"V{number}",
        }
    )  # fmt: skip


def v3_exit(chance: Random, number: int) -> str:
    symbol, price, sign = _where(chance)
    return json.dumps(
        {
            "type": "exit_v3", "signal_type": "Bullish_Exit" if sign > 0 else "Bearish_Exit",
            "symbol": symbol, "direction": "sell" if sign > 0 else "buy", "tf": "15", "price": price,
            "consensus_score": 8, "market_trend": sign, "reason": "reversal", "id": f"V{number}",
        }
    )  # fmt: skip


def v3_pulse(chance: Random, number: int) -> str:
    symbol, price, sign = _where(chance)
    return json.dumps(
        {
            "type": "trend_pulse_v3", "signal_type": "Trend_Pulse", "symbol": symbol, "tf": "60",
            "price": price, "current_trends": ",".join([str(sign)] * 6), "previous_trends": "1,1,1,1,1,1",
            "changed_timeframes": "5,", "change_details": f"5:{sign};",
            "trend_labels": "1m,5m,15m,1H,4H,1D", "market_trend": sign, "consensus_score": 9,
            "message": "changed", "id": f"V{number}",
        }
    )  # fmt: skip


def v6_entry(chance: Random, _: int) -> str:
    symbol, price, sign = _where(chance)
    levels = [round(price + sign * step * 0.001, 5) for step in (-1, 1, 2, 3)]
    head, side = ("BULLISH_ENTRY", "BUY") if sign > 0 else ("BEARISH_ENTRY", "SELL")
    fields = (head, symbol, chance.choice(("1", "5", "15", "60")), price, side, "HIGH", 85, 27.4, "STRONG")
    return "|".join(str(field) for field in (*fields, *levels, "5/1" if sign > 0 else "1/5", "TL_OK", ""))


def v6_exit(chance: Random, _: int) -> str:
    symbol, price, sign = _where(chance)
    return f"EXIT_{'BULLISH' if sign > 0 else 'BEARISH'}|{symbol}|{chance.choice(('5', '15'))}|{price}|12"


def v6_pulse(chance: Random, _: int) -> str:
    symbol, _price, sign = _where(chance)
    counts, state = ("5|1", "BULLISH") if sign > 0 else ("1|5", "BEARISH")
    return f"TREND_PULSE|{symbol}|15|{counts}|15:BEAR→BULL|TRENDING_{state}"


def bracket(chance: Random, number: int) -> str:
    symbol, price, sign = _where(chance)
    return json.dumps(
        {
            "id": f"B{number}", "symbol": symbol, "action": "buy" if sign > 0 else "sell",
            "lots": chance.choice((0.02, 0.1)), "price": price, "sl": round(price - sign * 0.001, 5),
            "tp": round(price + sign * 0.002, 5),
        }
    )  # fmt: skip


def bracket_close(chance: Random, number: int) -> str:
    return json.dumps({"id": f"B{number}", "symbol": chance.choice(list(PRICES)), "action": "close"})


def _where(chance: Random) -> tuple[str, float, int]:
    symbol = chance.choice(list(PRICES))
    return symbol, round(PRICES[symbol] + chance.randint(-20, 20) * 0.0001, 5), chance.choice((1, -1))
