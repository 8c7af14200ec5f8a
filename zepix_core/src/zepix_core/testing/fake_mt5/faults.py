"""Faults that a test orders in advance; each happens a number of times and is gone."""

from typing import Any

import attrs


@attrs.define
class Fault:
    """One ordered fault. ``where`` is the ``TRADE_ACTION_*`` or the function it waits for, ``None`` any."""

    kind: str
    left: int
    value: Any = True
    where: int | str | None = None


class Faults:
    """What is still to happen, in the order it was asked for."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def order(self, kind: str, n: int, value: Any = True, where: int | str | None = None) -> None:
        """Let a fault happen ``n`` times."""
        if n < 1:
            raise ValueError(f"a fault happens at least once, not {n} times")
        self._waiting.append(Fault(kind, n, value, where))

    def take(self, kind: str, where: int | str | None = None) -> Any:
        """The value of the next fault of this kind here, ``None`` when there is none."""
        for fault in self._waiting:
            if fault.kind == kind and fault.where in (None, where):
                fault.left -= 1
                if not fault.left:
                    self._waiting.remove(fault)
                return fault.value
        return None

    def waiting(self) -> tuple[str, ...]:
        """Kinds of the faults that have not happened yet."""
        return tuple(fault.kind for fault in self._waiting)

    def clear(self) -> None:
        """Forget what has not happened yet."""
        self._waiting.clear()
