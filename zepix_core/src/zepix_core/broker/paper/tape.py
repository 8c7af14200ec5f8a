"""Recorded ticks in memory, read from CSV (``time,symbol,bid,ask``) or from an uncompressed ``.npz``."""

import csv
import math
import zipfile
from array import array
from ast import literal_eval
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from zepix_core.clock import nanoseconds
from zepix_core.errors import SettingsError

TYPECODES = {"<i8": "q", "<i4": "i", "<i2": "h", "|i1": "b", "<u4": "I", "<u2": "H", "|u1": "B"}
MAGIC = b"\x93NUMPY"


class Tape:
    """Ticks in order of time.

    Attributes:
        times: UTC nanoseconds as recorded, never falling.
    """

    def __init__(self, symbols: tuple[str, ...]) -> None:
        self.symbols = symbols
        self.times: array[int] = array("q")
        self.indexes: array[int] = array("B")
        self.bids: array[float] = array("d")
        self.asks: array[float] = array("d")

    def __len__(self) -> int:
        return len(self.times)

    def at(self, index: int) -> tuple[str, float, float]:
        """Symbol, bid and ask of one tick."""
        return self.symbols[self.indexes[index]], self.bids[index], self.asks[index]


def read_tape(path: Path) -> Tape:
    """Read a tick file whole.

    Raises:
        SettingsError: The file is missing, or is not what it should be; names the line or the array.
    """
    readers: dict[str, Callable[[Path], Tape]] = {".csv": _read_csv, ".npz": _read_npz}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise SettingsError(
            f"{path} is neither a .csv nor a .npz tick file.", "Set paper.prices to one of them."
        )
    try:
        tape = reader(path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error}.", "Check paper.prices.") from error
    except (ValueError, KeyError, IndexError, SyntaxError, zipfile.BadZipFile, OverflowError) as error:
        raise SettingsError(
            f"{path} is not a tick file: {error}.", "Columns are time,symbol,bid,ask; times never fall."
        ) from error
    if not len(tape):
        raise SettingsError(f"{path} holds no ticks.", "Set paper.prices to a file with at least one tick.")
    return tape


def _read_csv(path: Path) -> Tape:
    names: dict[str, int] = {}
    tape = Tape(())
    before = 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.reader(file), start=1):
            if not row or (number == 1 and row[0].strip().lower() == "time"):
                continue
            try:
                time_ns = _time(row[0].strip())
                bid, ask = float(row[2]), float(row[3])
                _check(before, time_ns, bid, ask)
            except (ValueError, IndexError) as error:
                raise ValueError(f"line {number}: {error}") from error
            before = time_ns
            tape.times.append(time_ns)
            tape.indexes.append(names.setdefault(row[1].strip(), len(names)))
            tape.bids.append(bid)
            tape.asks.append(ask)
    tape.symbols = tuple(names)
    return tape


def _check(before: int, time_ns: int, bid: float, ask: float) -> None:
    if time_ns < before:
        raise ValueError("time steps back")
    if not (math.isfinite(bid) and math.isfinite(ask) and 0 < bid <= ask):
        raise ValueError(f"bid {bid:g} and ask {ask:g} are no quote")


def _time(text: str) -> int:
    if text.isdigit():
        return int(text)
    at = datetime.fromisoformat(text)
    return nanoseconds(at if at.tzinfo else at.replace(tzinfo=UTC))


def _read_npz(path: Path) -> Tape:
    with zipfile.ZipFile(path) as archive:
        times = _numbers(archive, "ts")
        indexes = _numbers(archive, "sym")
        bids, asks = _numbers(archive, "bid"), _numbers(archive, "ask")
        symbols = _texts(archive, "symbols")
        digits = _numbers(archive, "digits")
    if not len(times) == len(indexes) == len(bids) == len(asks) or len(symbols) != len(digits):
        raise ValueError("its arrays differ in length")
    if len(times) and max(indexes) >= len(symbols):
        raise ValueError("sym names a symbol that is not in symbols")
    tape = Tape(symbols)
    tape.times = array("q", times)
    tape.indexes = array("B", indexes)
    points = [10**places for places in digits]
    # Division, not multiplication by a fraction: it gives the float that the price's text would give.
    tape.bids = array("d", (bid / points[index] for bid, index in zip(bids, indexes, strict=True)))
    tape.asks = array("d", (ask / points[index] for ask, index in zip(asks, indexes, strict=True)))
    before = 0
    for time_ns, bid, ask in zip(tape.times, tape.bids, tape.asks, strict=True):
        _check(before, time_ns, bid, ask)
        before = time_ns
    return tape


def _member(archive: zipfile.ZipFile, name: str) -> tuple[dict[str, Any], bytes]:
    """Header and raw data of one ``.npy`` member."""
    data = archive.read(f"{name}.npy")
    if data[:6] != MAGIC:
        raise ValueError(f"{name} is not a .npy array")
    width = 2 if data[6] == 1 else 4
    start = 8 + width
    length = int.from_bytes(data[8:start], "little")
    header: dict[str, Any] = literal_eval(data[start : start + length].decode("latin1").strip())
    if header["fortran_order"] or len(header["shape"]) != 1:
        raise ValueError(f"{name} is not a plain list of values")
    return header, data[start + length :]


def _numbers(archive: zipfile.ZipFile, name: str) -> "array[int]":
    header, raw = _member(archive, name)
    if header["descr"] not in TYPECODES:
        raise ValueError(f"{name} holds {header['descr']}, not integers")
    numbers = array(TYPECODES[header["descr"]])
    numbers.frombytes(raw)
    if len(numbers) != header["shape"][0]:
        raise ValueError(f"{name} is cut short")
    return numbers


def _texts(archive: zipfile.ZipFile, name: str) -> tuple[str, ...]:
    header, raw = _member(archive, name)
    descr: str = header["descr"]
    if not descr.startswith("<U"):
        raise ValueError(f"{name} holds {descr}, not text")
    width = int(descr[2:]) * 4
    cells = (raw[at : at + width] for at in range(0, header["shape"][0] * width, width))
    return tuple(cell.decode("utf-32-le").rstrip("\0") for cell in cells)
