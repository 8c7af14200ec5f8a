"""How near to the price a stop may stand. Pure."""

import attrs

from zepix_core.model.market import Side


@attrs.frozen(kw_only=True)
class Room:
    """What a symbol asks of stops at one moment.

    Attributes:
        stops_level, freeze_level: Points; 0 means that the broker names none.
    """

    bid: float
    ask: float
    point: float
    digits: int
    stops_level: int = 0
    freeze_level: int = 0

    def closing(self, side: Side) -> float:
        """The price at which a position of that side closes: distances count from it."""
        return self.bid if side is Side.BUY else self.ask

    @property
    def least_points(self) -> float:
        """Least distance of a stop: the level, or one spread where there is none; never below 1 point."""
        spread = self.points(self.ask - self.bid)
        return max(float(self.stops_level) if self.stops_level > 0 else spread, 1.0)

    def points(self, distance: float) -> float:
        """A distance in price as points; a thousandth of a point is noise."""
        return round(distance / self.point, 3)


def too_near(side: Side, sl: float, tp: float, room: Room) -> str:
    """Which stop is on the wrong side or too near, in words; ``""`` when both may stand (0.0 is none)."""
    price, least = room.closing(side), room.least_points
    for name, level, away in (("SL", sl, -side.sign), ("TP", tp, side.sign)):
        points = room.points((level - price) * away)
        if level != 0 and points < least:
            return (
                f"{name} {level:.{room.digits}f} is {points:g} points from {price:.{room.digits}f}, "
                f"least is {least:g}"
            )
    return ""


def frozen(side: Side, sl: float, tp: float, room: Room) -> bool:
    """True when a position with these stops cannot be changed: one of them is about to be reached."""
    if room.freeze_level <= 0:
        return False
    price = room.closing(side)
    distances = [(level - price) * away for level, away in ((sl, -side.sign), (tp, side.sign)) if level != 0]
    return any(room.points(distance) <= room.freeze_level for distance in distances)
