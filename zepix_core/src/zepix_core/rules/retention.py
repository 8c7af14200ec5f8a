"""Which of many backups are kept: the newest ones, and one a day of the days before."""

from collections.abc import Iterable

from zepix_core.clock import NS

DAY_NS = 86_400 * NS


def kept(times_ns: Iterable[int], newest: int, days: int) -> frozenset[int]:
    """The moments whose backups are kept.

    The ``newest`` ones, and of each of the ``days`` newest UTC days that have one the last of that day.
    """
    ordered = sorted(set(times_ns), reverse=True)
    last_of_day: dict[int, int] = {}
    for at in ordered:
        last_of_day.setdefault(at // DAY_NS, at)
    return frozenset((*ordered[:newest], *sorted(last_of_day.values(), reverse=True)[:days]))
