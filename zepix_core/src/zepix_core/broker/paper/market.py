"""Where the paper broker's prices come from: a seeded walk, or a tape of recorded ticks."""

import math
from collections.abc import Iterable, Mapping
from random import Random
from typing import Protocol

import attrs

from zepix_core.broker.paper.symbols import PaperSymbol
from zepix_core.broker.paper.tape import Tape
from zepix_core.clock import moment
from zepix_core.model.market import SymbolInfo, Tick
from zepix_core.rules.hours import session_open


@attrs.frozen(kw_only=True)
class SavedQuote:
    """What is kept of a price over a restart: the tick and how many steps the walk had made."""

    tick: Tick
    steps: int = 0


class Market(Protocol):
    """A source of quotes. Per symbol, time never steps back; nothing moves but by `advance`."""

    synthetic: bool

    def start(self, now_ns: int, saved: Mapping[str, SavedQuote], position: int) -> None:
        """Begin at that moment, from what an earlier run saved."""

    def quote(self, symbol: str) -> Tick | None:
        """The newest tick, ``None`` when the symbol has no price."""

    def advance(self, now_ns: int) -> tuple[Tick, ...]:
        """Move on to that moment; the new ticks in order."""

    def observe(self, symbol: str, price: float, now_ns: int) -> Tick | None:
        """Somebody saw ``price`` as the bid; the new tick when this market follows it."""

    def snapshot(self) -> tuple[dict[str, SavedQuote], int]:
        """What `start` takes after a restart."""


class SyntheticMarket:
    """A random walk per symbol. Step ``n`` of a symbol depends on seed, symbol and ``n`` alone."""

    synthetic = True

    def __init__(self, symbols: Iterable[PaperSymbol], seed: int, interval_seconds: float) -> None:
        self._symbols = {symbol.info.name: symbol for symbol in symbols}
        self._seed = seed
        self._interval_ns = round(interval_seconds * 1e9)
        self._scale = math.sqrt(interval_seconds)
        self._quotes: dict[str, SavedQuote] = {}
        self._due_ns = 0

    def start(self, now_ns: int, saved: Mapping[str, SavedQuote], position: int) -> None:
        for name, symbol in self._symbols.items():
            if name in saved:
                self._quotes[name] = saved[name]
            elif symbol.start_bid > 0:
                self._set(symbol, symbol.start_bid, now_ns, steps=0)
        self._due_ns = now_ns + self._interval_ns

    def quote(self, symbol: str) -> Tick | None:
        saved = self._quotes.get(symbol)
        return saved.tick if saved else None

    def advance(self, now_ns: int) -> tuple[Tick, ...]:
        late = now_ns - self._due_ns
        if -self._interval_ns <= late < 0:
            return ()
        # Keep the rhythm unless a whole beat was missed or the clock was set back.
        self._due_ns = (self._due_ns if 0 <= late < self._interval_ns else now_ns) + self._interval_ns
        at = moment(now_ns)
        return tuple(
            self._step(self._symbols[name], saved, now_ns)
            for name, saved in list(self._quotes.items())
            if name in self._symbols and session_open(name, at, self._symbols[name].info.always_open)
        )

    def observe(self, symbol: str, price: float, now_ns: int) -> Tick | None:
        known = self._symbols.get(symbol)
        if known is None or not math.isfinite(price) or round(price, known.info.digits) <= 0:
            return None
        saved = self._quotes.get(symbol)
        return self._set(known, price, now_ns, saved.steps if saved else 0)

    def snapshot(self) -> tuple[dict[str, SavedQuote], int]:
        return dict(self._quotes), 0

    def _step(self, symbol: PaperSymbol, saved: SavedQuote, now_ns: int) -> Tick:
        draw = Random(f"{self._seed}:{symbol.info.name}:{saved.steps}").gauss(0.0, 1.0)  # noqa: S311 - prices
        move = round(draw * symbol.step_points * self._scale) * symbol.info.point
        bid = saved.tick.bid + move
        if bid < symbol.spread_points * symbol.info.point:
            bid = saved.tick.bid - move
        return self._set(symbol, bid, now_ns, saved.steps + 1)

    def _set(self, symbol: PaperSymbol, bid: float, now_ns: int, steps: int) -> Tick:
        before = self._quotes.get(symbol.info.name)
        tick = Tick(
            symbol=symbol.info.name,
            bid=round(bid, symbol.info.digits),
            ask=round(bid + symbol.spread_points * symbol.info.point, symbol.info.digits),
            time_ns=max(now_ns, before.tick.time_ns) if before else now_ns,
        )
        self._quotes[symbol.info.name] = SavedQuote(tick=tick, steps=steps)
        return tick


class TapeMarket:
    """Recorded ticks, played from the moment of the start with their own distances.

    A restart goes on behind the last tick played; a tape that has run out leaves the last quotes standing,
    and begins anew at the next start.
    """

    synthetic = False

    def __init__(self, tape: Tape, infos: Mapping[str, SymbolInfo]) -> None:
        self._tape = tape
        self._infos = infos
        self._quotes: dict[str, SavedQuote] = {}
        self._next = 0
        self._shift_ns = 0

    def start(self, now_ns: int, saved: Mapping[str, SavedQuote], position: int) -> None:
        self._next = position if position < len(self._tape) else 0
        self._quotes = dict(saved) if self._next else {}
        self._shift_ns = now_ns - self._tape.times[self._next] if len(self._tape) else 0

    def quote(self, symbol: str) -> Tick | None:
        saved = self._quotes.get(symbol)
        return saved.tick if saved else None

    def advance(self, now_ns: int) -> tuple[Tick, ...]:
        played: list[Tick] = []
        while self._next < len(self._tape) and self._tape.times[self._next] + self._shift_ns <= now_ns:
            symbol, bid, ask = self._tape.at(self._next)
            time_ns = self._tape.times[self._next] + self._shift_ns
            self._next += 1
            if symbol in self._infos:
                if before := self._quotes.get(symbol):
                    time_ns = max(time_ns, before.tick.time_ns)
                tick = Tick(symbol=symbol, bid=bid, ask=ask, time_ns=time_ns)
                self._quotes[symbol] = SavedQuote(tick=tick)
                played.append(tick)
        return tuple(played)

    def observe(self, symbol: str, price: float, now_ns: int) -> Tick | None:
        return None

    def snapshot(self) -> tuple[dict[str, SavedQuote], int]:
        return dict(self._quotes), self._next
