"""What an account held at one moment, and what changed since another. Pure."""

from collections.abc import Iterable
from typing import Any

import attrs

Mark = tuple[float, float, float]
"""Volume, stop loss and target of a position."""


@attrs.frozen(kw_only=True)
class Snapshot:
    """Positions by identifier, and the working orders with what of them still waits."""

    positions: dict[int, Mark] = attrs.field(factory=dict)
    orders: dict[int, float] = attrs.field(factory=dict)

    def differs(self, other: "Snapshot") -> bool:
        """True when anything was opened, closed, moved or cancelled in between."""
        return self != other

    def touched_since(self, earlier: "Snapshot") -> tuple[int, ...]:
        """Identifiers of positions that are new, gone or of another volume: deals tell why."""
        before, now = earlier.positions, self.positions
        return tuple(
            sorted(
                identifier
                for identifier in before.keys() | now.keys()
                if before.get(identifier, (0.0,))[0] != now.get(identifier, (0.0,))[0]
            )
        )


def snapshot_of(positions: Iterable[Any], orders: Iterable[Any]) -> Snapshot:
    """The snapshot of the module's records."""
    return Snapshot(
        positions={
            int(row.identifier): (float(row.volume), float(row.sl), float(row.tp)) for row in positions
        },
        orders={int(row.ticket): float(row.volume_current) for row in orders},
    )
