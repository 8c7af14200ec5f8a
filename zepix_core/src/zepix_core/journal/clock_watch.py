"""Notices when wall time jumps against monotonic time, and what is doubtful then."""

from zepix_core.clock import NS, Clock

JUMP_SECONDS = 2.0
PAUSE_SECONDS = 60.0
DOUBT_SECONDS = 86_400.0


class ClockWatch:
    """Compares both clocks at each `look`; slow corrections between two looks are no jump.

    After a jump entries pause for a minute, and for a day the trading day may be that of either clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset_ns = self._offset()
        self._jumped_ns = 0
        self._paused_until = self._doubt_until = clock.monotonic()

    def look(self) -> float:
        """Seconds that wall time has jumped since the last look; 0.0 when it has not."""
        offset = self._offset()
        jumped_ns, self._offset_ns = offset - self._offset_ns, offset
        if abs(jumped_ns) <= JUMP_SECONDS * NS:
            return 0.0
        now = self._clock.monotonic()
        self._jumped_ns = jumped_ns + (self._jumped_ns if now < self._doubt_until else 0)
        self._paused_until, self._doubt_until = now + PAUSE_SECONDS, now + DOUBT_SECONDS
        return jumped_ns / NS

    @property
    def why(self) -> str:
        """Why entries pause, ``""`` when they do not."""
        return "the clock has jumped" if self._clock.monotonic() < self._paused_until else ""

    def moments(self) -> tuple[int, int]:
        """What the time is, and what it would be without the jumps of the last day, UTC nanoseconds."""
        now = self._clock.now_ns()
        doubt = self._clock.monotonic() < self._doubt_until
        return now, now - self._jumped_ns if doubt else now

    def _offset(self) -> int:
        return self._clock.now_ns() - round(self._clock.monotonic() * NS)
