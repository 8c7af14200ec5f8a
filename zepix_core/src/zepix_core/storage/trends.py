"""The trend service of V3: four pillars per symbol, kept in ``trend_pillars``.

Loaded once, answered from memory, written through. What was never set is neutral and aligned with nothing.
"""

import sqlite3
from collections import deque
from datetime import datetime

import attrs

from zepix_core.errors import BadArgument
from zepix_core.model.market import Side
from zepix_core.storage.plugin_database import PluginDatabase
from zepix_core.storage.stamps import read_stamp

PILLARS = ("15m", "1h", "4h", "1d")
IGNORED = ("1m", "5m")
MODES = ("AUTO", "MANUAL")
WORDS = {1: "bullish", 0: "neutral", -1: "bearish"}
REMEMBERED = 64

_VALUES = {"bull": 1, "buy": 1, "bullish": 1, "bear": -1, "sell": -1, "bearish": -1}
_LOGICS = {"LOGIC1": ("1h", "15m"), "LOGIC2": ("1h", "15m"), "LOGIC3": ("1d", "1h")}


@attrs.frozen(kw_only=True)
class Pillar:
    """The trend of one timeframe.

    Attributes:
        value: 1 bullish, 0 neutral, -1 bearish.
        mode: ``AUTO``, or ``MANUAL``: set by a person, and no alert changes it.
        last_updated: When it was set, aware UTC; ``None``: never.
    """

    timeframe: str
    value: int = 0
    mode: str = "AUTO"
    last_updated: datetime | None = None
    set_by: str = ""

    @property
    def direction(self) -> str:
        """``bullish``, ``bearish`` or ``neutral``."""
        return WORDS[self.value]


@attrs.frozen(kw_only=True)
class LogicAlignment:
    """Answer of `TrendStore.check_logic_alignment`; ``details`` holds the pillars it looked at."""

    aligned: bool
    direction: str
    reason: str
    details: dict[str, int]
    logic: str


class TrendStore:
    """The pillars of one database group. Call `load` first."""

    def __init__(self, database: PluginDatabase) -> None:
        self._database = database
        self._pillars: dict[tuple[str, str], Pillar] = {}
        self._seen: dict[tuple[str, str], deque[str]] = {}

    async def load(self) -> None:
        """Read what the file holds."""
        rows = await self._database.read(_all_rows)
        self._pillars = {}
        for symbol, timeframe, value, mode, updated, set_by in rows:
            self._pillars[symbol, timeframe] = Pillar(
                timeframe=timeframe,
                value=value,
                mode=mode,
                last_updated=read_stamp(updated),
                set_by=set_by or "",
            )
            self._seen[symbol, timeframe] = deque([set_by] if set_by else [], REMEMBERED)

    async def update_trend(
        self, symbol: str, timeframe: str, signal: str, mode: str = "AUTO", set_by: str = ""
    ) -> bool:
        """Set one pillar; True when its value or mode changed.

        ``bull buy bullish`` is 1, ``bear sell bearish`` is -1, anything else 0. ``1m`` and ``5m`` are
        ignored, and so is AUTO where a person holds the pillar (MANUAL). Pass the alert's key as
        ``set_by``: a repeat of it changes nothing, even when another alert came between.

        Raises:
            BadArgument: Another timeframe or mode.
        """
        if timeframe in IGNORED:
            return False
        _known(timeframe)
        if mode not in MODES:
            raise BadArgument(f"{mode} is no trend mode.", "Use AUTO or MANUAL.")
        key = (symbol, timeframe)
        before = self._pillars.get(key, Pillar(timeframe=timeframe))
        seen = self._seen.setdefault(key, deque(maxlen=REMEMBERED))
        if mode == "AUTO" and (before.mode == "MANUAL" or (set_by and set_by in seen)):
            return False
        return await self._set(symbol, before, _VALUES.get(signal.strip().lower(), 0), mode, set_by)

    async def release(self, symbol: str, timeframe: str, set_by: str = "") -> bool:
        """Give a pillar that a person held back to the alerts; False when nobody held it.

        Raises:
            BadArgument: Not a pillar.
        """
        before = self.get_timeframe_trend(symbol, timeframe)
        if before.mode == "AUTO":
            return False
        return await self._set(symbol, before, before.value, "AUTO", set_by)

    def get_timeframe_trend(self, symbol: str, timeframe: str) -> Pillar:
        """One pillar; neutral when it was never set.

        Raises:
            BadArgument: Not a pillar.
        """
        _known(timeframe)
        return self._pillars.get((symbol, timeframe), Pillar(timeframe=timeframe))

    def get_mtf_trends(self, symbol: str) -> dict[str, int]:
        """The four values by timeframe."""
        return {timeframe: self.get_timeframe_trend(symbol, timeframe).value for timeframe in PILLARS}

    def validate_v3_trend_alignment(self, symbol: str, direction: str, min_aligned: int = 3) -> bool:
        """True when at least ``min_aligned`` pillars stand in ``direction`` (``BUY`` or ``SELL``)."""
        wanted = _side(direction).sign
        return sum(value == wanted for value in self.get_mtf_trends(symbol).values()) >= min_aligned

    def check_logic_alignment(self, symbol: str, logic: str, direction: str) -> LogicAlignment:
        """Whether the two pillars of a logic agree with each other and with ``direction``.

        LOGIC1 and LOGIC2 look at 1h and 15m, LOGIC3 at 1d and 1h. ``combinedlogic-1`` means LOGIC1.

        Raises:
            BadArgument: Another logic or direction.
        """
        name = logic.strip().upper().replace("COMBINEDLOGIC-", "LOGIC")
        if name not in _LOGICS:
            raise BadArgument(f"{logic} is no logic.", "Use LOGIC1, LOGIC2 or LOGIC3.")
        side = _side(direction)
        higher, lower = (self.get_timeframe_trend(symbol, timeframe) for timeframe in _LOGICS[name])
        names = f"{higher.timeframe} {higher.direction}, {lower.timeframe} {lower.direction}"
        if higher.value != lower.value:
            reason = f"the pillars differ: {names}"
        elif higher.value == 0:
            reason = f"both pillars are neutral: {names}"
        elif higher.value != side.sign:
            reason = f"the pillars stand against {side}: {names}"
        else:
            reason = f"aligned: {names}"
        return LogicAlignment(
            aligned=higher.value == lower.value == side.sign,
            direction=higher.direction if higher.value == lower.value else WORDS[0],
            reason=reason,
            details={higher.timeframe: higher.value, lower.timeframe: lower.value},
            logic=name,
        )

    async def _set(self, symbol: str, before: Pillar, value: int, mode: str, set_by: str) -> bool:
        now = self._database.now()
        after = attrs.evolve(before, value=value, mode=mode, last_updated=read_stamp(now), set_by=set_by)
        row = (symbol, before.timeframe, value, mode, now, set_by or None)
        await self._database.run(lambda connection: _put(connection, row))
        self._pillars[symbol, before.timeframe] = after
        if set_by:
            self._seen.setdefault((symbol, before.timeframe), deque(maxlen=REMEMBERED)).append(set_by)
        return (before.value, before.mode) != (value, mode)


def _all_rows(connection: sqlite3.Connection) -> list[tuple[str, str, int, str, str, str | None]]:
    return connection.execute(
        "SELECT symbol, timeframe, value, mode, last_updated, set_by FROM trend_pillars"
    ).fetchall()


def _put(connection: sqlite3.Connection, row: tuple[str, str, int, str, str, str | None]) -> None:
    connection.execute(
        """
        INSERT INTO trend_pillars (symbol, timeframe, value, mode, last_updated, set_by)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (symbol, timeframe) DO UPDATE SET value = excluded.value, mode = excluded.mode,
            last_updated = excluded.last_updated, set_by = excluded.set_by
        """,
        row,
    )


def _known(timeframe: str) -> None:
    if timeframe not in PILLARS:
        raise BadArgument(f"{timeframe} is no trend pillar.", f"Use one of {', '.join(PILLARS)}.")


def _side(direction: str) -> Side:
    try:
        return Side(direction.strip().upper())
    except ValueError:
        raise BadArgument(f"{direction} is no direction.", "Use BUY or SELL.") from None
