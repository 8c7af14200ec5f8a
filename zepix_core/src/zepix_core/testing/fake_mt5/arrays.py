"""Rates and ticks as the module returns them: numpy's structured arrays, or a light twin without numpy."""

import importlib
import importlib.util
from collections.abc import Iterator, Sequence
from typing import Any, overload

Fields = tuple[tuple[str, str], ...]

RATES: Fields = (
    ("time", "i8"),
    ("open", "f8"),
    ("high", "f8"),
    ("low", "f8"),
    ("close", "f8"),
    ("tick_volume", "u8"),
    ("spread", "i4"),
    ("real_volume", "u8"),
)
TICKS: Fields = (
    ("time", "i8"),
    ("bid", "f8"),
    ("ask", "f8"),
    ("last", "f8"),
    ("volume", "u8"),
    ("time_msc", "i8"),
    ("flags", "u4"),
    ("volume_real", "f8"),
)


class LightType:
    """What the light array says of its fields: ``names`` and ``descr``, as a numpy dtype does."""

    def __init__(self, fields: Fields) -> None:
        self.names = tuple(name for name, _ in fields)
        self.descr = list(fields)


class LightRow(Sequence[Any]):
    """One row: fields by name or by number."""

    def __init__(self, values: tuple[Any, ...], dtype: LightType) -> None:
        self._values = values
        self.dtype = dtype

    def __getitem__(self, field: Any) -> Any:
        if isinstance(field, str):
            if field not in self.dtype.names:
                raise ValueError(f"no field of name {field}")
            return self._values[self.dtype.names.index(field)]
        return self._values[field]

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        return tuple(self._values) == tuple(other) if isinstance(other, Sequence) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._values)

    def __repr__(self) -> str:
        return repr(self._values)

    def tolist(self) -> tuple[Any, ...]:
        """The row as a tuple."""
        return self._values


class LightArray(Sequence[LightRow]):
    """Rows, the oldest first: ``array[0]``, ``array[-1]["close"]``, ``array["close"]``, ``array[:5]``."""

    def __init__(self, rows: Sequence[tuple[Any, ...]], dtype: LightType) -> None:
        self._rows = tuple(rows)
        self.dtype = dtype

    @overload
    def __getitem__(self, at: int) -> LightRow: ...
    @overload
    def __getitem__(self, at: slice) -> "LightArray": ...
    @overload
    def __getitem__(self, at: str) -> list[Any]: ...
    def __getitem__(self, at: int | slice | str) -> Any:
        if isinstance(at, str):
            return [LightRow(row, self.dtype)[at] for row in self._rows]
        if isinstance(at, slice):
            return LightArray(self._rows[at], self.dtype)
        return LightRow(self._rows[at], self.dtype)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[LightRow]:
        return (LightRow(row, self.dtype) for row in self._rows)

    @property
    def shape(self) -> tuple[int]:
        """Its length, as numpy says it."""
        return (len(self._rows),)

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def tolist(self) -> list[tuple[Any, ...]]:
        """The rows as tuples."""
        return list(self._rows)


def structured(rows: Sequence[tuple[Any, ...]], fields: Fields, *, light: bool | None = None) -> Any:
    """Rows as numpy's structured array where numpy can be imported, else as a `LightArray`.

    Args:
        light: True or False decides it; ``None`` looks.
    """
    if light is None:
        light = importlib.util.find_spec("numpy") is None
    if light:
        return LightArray(rows, LightType(fields))
    numpy: Any = importlib.import_module("numpy")
    return numpy.array(list(rows), dtype=list(fields))
