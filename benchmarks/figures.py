"""A table of measured figures, each beside what was promised."""

import math
import platform
import sys
from collections.abc import Sequence

import attrs


@attrs.frozen
class Figure:
    """One measured number; ``limit`` is what was promised at most, ``None``: for information."""

    name: str
    value: float
    unit: str
    limit: float | None = None

    @property
    def kept(self) -> bool:
        """True when the promise holds, or there is none."""
        return self.limit is None or self.value <= self.limit


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least ``percent`` percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def report(title: str, profile: str, figures: Sequence[Figure]) -> int:
    """Print the table; 1 when a promise is not kept."""
    print(f"\n{title}  (profile {profile}, Python {platform.python_version()}, {platform.machine()})")
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        promised = "" if figure.limit is None else f"<= {figure.limit:g} {figure.unit}".ljust(14)
        verdict = "" if figure.limit is None else "kept" if figure.kept else "NOT KEPT"
        print(
            f"  {figure.name.ljust(width)}  {figure.value:10.2f} {figure.unit.ljust(5)} {promised} {verdict}"
        )
    sys.stdout.flush()
    return 0 if all(figure.kept for figure in figures) else 1
