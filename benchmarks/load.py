"""Alerts for measuring, each different, and the pace they are sent at."""

import asyncio
import itertools
import json
import random
from collections.abc import Iterator

import attrs
from running_host import Answer, RunningHost, send

SYMBOLS = {"EURUSD": (5, 1.085), "GBPUSD": (5, 1.264), "USDJPY": (3, 148.2), "XAUUSD": (2, 2035.0)}
STOP = 0.004


def alerts(seed: int = 1) -> Iterator[str]:
    """Endless entries, one for the bracket plugin and one for V3 in turn; the same for the same seed."""
    rng = random.Random(seed)
    for number in itertools.count():
        symbol, (digits, start) = rng.choice(list(SYMBOLS.items()))
        price = round(start * (1 + rng.uniform(-0.001, 0.001)), digits)
        sign = rng.choice((1, -1))
        make = _bracket if number % 2 else _v3
        yield make(number, symbol, digits, price, sign)


def _bracket(number: int, symbol: str, digits: int, price: float, sign: int) -> str:
    alert = {
        "id": f"{number:06d}",
        "symbol": symbol,
        "action": "buy" if sign > 0 else "sell",
        "lots": 0.1,
        "sl": round(price * (1 - sign * STOP), digits),
        "tp": round(price * (1 + sign * STOP), digits),
        "price": price,
        "note": "bench",
    }
    return json.dumps(alert)


def _v3(number: int, symbol: str, digits: int, price: float, sign: int) -> str:
    alert = {
        "type": "entry_v3",
        "signal_type": "Momentum_Breakout",
        "symbol": symbol,
        "direction": "buy" if sign > 0 else "sell",
        "tf": "15",
        "price": price,
        "consensus_score": 6 if sign > 0 else 3,
        "sl_price": round(price * (1 - sign * STOP), digits),
        "tp1_price": round(price * (1 + sign * STOP), digits),
        "tp2_price": round(price * (1 + sign * 2 * STOP), digits),
        "mtf_trends": "1,1,1,1,1",
        "market_trend": sign,
        "volume_delta_ratio": 1.2,
        "price_in_ob": False,
        "position_multiplier": 0.6,
        "n": number,
    }
    return json.dumps(alert)


@attrs.frozen
class Sent:
    """When an alert was sent, in seconds of the run, and its answer."""

    at: float
    answer: Answer


async def at_pace(host: RunningHost, bodies: Iterator[str], per_second: float, seconds: float) -> list[Sent]:
    """Send at a steady pace without waiting for answers; whoever is late is sent at once."""
    loop = asyncio.get_running_loop()
    start = loop.time()

    async def one(at: float, body: str) -> Sent:
        await asyncio.sleep(max(0.0, start + at - loop.time()))
        return Sent(at, await send(host, body))

    count = round(per_second * seconds)
    return await asyncio.gather(*(one(n / per_second, next(bodies)) for n in range(count)))
