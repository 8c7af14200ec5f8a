"""What people, charts and prices do in a simulation: drawn from the seed."""

import json
from collections.abc import Callable
from enum import StrEnum
from random import Random
from typing import Any

import attrs

SYMBOLS = ("EURUSD", "GBPUSD")
SYMBOL_PRICES = {"EURUSD": 1.16800, "GBPUSD": 1.26400}
MALFORMED = (
    "",
    "{",
    '{"type": "single"',
    '["a"]',
    '{"type": "{{x}}"}',
    "nonsense|EURUSD",
    '{"a": 1, "a": 2}',
)
Compose = Callable[[Random, int], str]


class Do(StrEnum):
    """Kinds of acts."""

    ALERT = "alert"
    AGAIN = "again"
    BURST = "burst"
    MALFORMED = "malformed"
    MOVE = "move"
    PAUSE = "pause"
    RESUME = "resume"
    PANIC = "panic"
    CLOSE = "close"
    SWITCH = "switch"
    SHADOW = "shadow"
    RESTART = "restart"
    WAIT = "wait"


@attrs.frozen(kw_only=True)
class Act:
    """One thing that happens.

    Attributes:
        bodies: Of alerts that are sent at once.
        word: A symbol, a level of panic, or ``on`` and ``off``.
        size: How far a price moves, in pips.
        pause: Seconds until the next act begins.
    """

    do: Do
    bodies: tuple[str, ...] = ()
    word: str = ""
    size: float = 0.0
    pause: float = 1.0

    def __str__(self) -> str:
        what = " ".join(
            part for part in (self.word, f"{self.size:g}" if self.size else "", *self.bodies) if part
        )
        return f"{self.do} {what}, then {self.pause:.1f} s"


def compose(chance: Random, number: int) -> str:
    """The body of an alert for the simulator's own plugin."""
    kind = chance.choices(
        ("single", "pair", "turn", "leave", "trim", "tighten", "look", "watch", "unheard"),
        (5, 5, 2, 3, 2, 2, 1, 1, 0.3),
    )[0]
    fields: dict[str, Any] = {"type": kind, "symbol": chance.choice(SYMBOLS)}
    if kind in ("single", "pair", "turn"):
        fields |= {
            "side": chance.choice(("buy", "sell")),
            "lots": chance.choice((0.02, 0.05, 0.1, 0.1, 0.2)),
            "sl": chance.choice((8, 20, 30)),
            "tp": chance.choice((8, 20, 40)),
            "then": chance.choice(("", "", "", "leave", "trim", "tighten")),
        }
        if chance.random() < 0.3:
            near = SYMBOL_PRICES[fields["symbol"]] + chance.randint(-20, 20) * 0.0001
            fields["price"] = round(near, 5)
    if chance.random() < 0.8:
        fields["id"] = f"A{number}"
    return json.dumps(fields)


WEIGHTS = {
    Do.ALERT: 40,
    Do.AGAIN: 6,
    Do.BURST: 6,
    Do.MALFORMED: 3,
    Do.MOVE: 18,
    Do.PAUSE: 2,
    Do.RESUME: 4,
    Do.PANIC: 3,
    Do.CLOSE: 2,
    Do.SWITCH: 1,
    Do.SHADOW: 1,
    Do.RESTART: 3,
    Do.WAIT: 4,
}


def acts_of(chance: Random, compose: Compose, symbols: tuple[str, ...] = SYMBOLS) -> tuple[Act, ...]:
    """The acts of a seed: alerts above all, in any order with what disturbs them."""
    acts: list[Act] = []
    for number in range(chance.randint(5, 11)):
        act = _act(chance, number, compose, symbols)
        if act.do is Do.AGAIN:
            sent = [body for earlier in acts for body in earlier.bodies]
            act = attrs.evolve(act, bodies=(chance.choice(sent),))
        acts.append(act)
    return tuple(acts)


def _act(chance: Random, number: int, compose: Compose, symbols: tuple[str, ...]) -> Act:
    do = Do.ALERT if number == 0 else chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    pause = chance.choice((0.05, 0.3, 1.0, 1.0, 3.0, 6.0, 15.0))
    bodies: tuple[str, ...] = ()
    word, size = "", 0.0
    if do is Do.ALERT:
        bodies = (compose(chance, number),)
    elif do is Do.BURST:
        bodies = tuple(compose(chance, number * 100 + one) for one in range(chance.randint(2, 5)))
    elif do is Do.MALFORMED:
        bodies = (chance.choice(MALFORMED),)
    elif do is Do.MOVE:
        word, size = chance.choice(symbols), chance.choice((-35.0, -22.0, -10.0, 10.0, 22.0, 35.0))
    elif do is Do.PANIC:
        word = chance.choice(("entries", "flatten", "flatten", "lock"))
    elif do in (Do.SWITCH, Do.SHADOW):
        word = chance.choice(("on", "off"))
    elif do is Do.WAIT:
        pause = chance.choice((40.0, 70.0, 130.0))
    return Act(do=do, bodies=bodies, word=word, size=size, pause=pause)
