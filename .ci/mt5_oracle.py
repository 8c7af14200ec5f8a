"""Hold the MetaTrader 5 double against the vendor's own Windows wheel, read without Windows.

usage: python mt5_oracle.py FOLDER    (holds a wheel of MetaTrader5, as `pip download` leaves it)

Of the wheel's Python file: constants and functions. Of its compiled core: the functions' docstrings, the
tables of its struct sequences, the fields of its arrays and the texts of its errors.
"""

import ast
import json
import re
import struct
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from zepix_core.testing.fake_mt5.arrays import RATES, TICKS, structured
from zepix_core.testing.fake_mt5.constants import constants
from zepix_core.testing.fake_mt5.module import FUNCTIONS, VERSION
from zepix_core.testing.fake_mt5.refusals import ERRORS
from zepix_core.testing.fake_mt5.structures import STRUCTURES

TABLES = Path(__file__).parents[1] / "tests" / "core" / "testing" / "data" / "mt5_api.json"
IN_PYTHON = {"Buy", "Sell", "Close"}
# The first word of some texts stands in a format of its own.
MADE_UP = {"IPC initialize failed"}


class Image:
    """A Windows library as bytes; addresses are those it was linked for."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        header = struct.unpack_from("<I", data, 0x3C)[0]
        count, optional = struct.unpack_from("<H12xH", data, header + 6)
        self.base: int = struct.unpack_from("<Q", data, header + 24 + 24)[0]
        table = header + 24 + optional
        self.sections: list[tuple[int, int, int]] = []
        for number in range(count):
            _, address, size, offset = struct.unpack_from("<IIII", data, table + 40 * number + 8)
            self.sections.append((self.base + address, offset, size))

    def offset(self, address: int) -> int | None:
        """Where in the file an address stands."""
        for begin, offset, size in self.sections:
            if begin <= address < begin + size:
                return offset + address - begin
        return None

    def text(self, address: int) -> str | None:
        """The text at an address, ``None`` when there is no short plain one."""
        at = self.offset(address)
        if at is None:
            return None
        end = self.data.find(b"\0", at, at + 200)
        raw = self.data[at:end]
        return raw.decode("ascii") if end > at and raw.isascii() else None

    def word(self, offset: int) -> int:
        return int(struct.unpack_from("<Q", self.data, offset)[0])

    def structures(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Names and fields of everything that looks like a PyStructSequence_Desc."""
        for _, begin, size in self.sections:
            for at in range(begin, begin + size - 32, 8):
                name = self.text(self.word(at))
                if name is None or not re.fullmatch(r"[A-Z][A-Za-z]+", name):
                    continue
                fields = self._fields(self.word(at + 16))
                (count,) = struct.unpack_from("<i", self.data, at + 24)
                if fields and len(fields) == count:
                    yield name, fields

    def _fields(self, address: int) -> tuple[str, ...]:
        at, found = self.offset(address), []
        while at is not None and at + 16 <= len(self.data):
            name = self.text(self.word(at))
            if name is None or not re.fullmatch(r"[a-z_0-9]+", name):
                break
            found.append(name)
            at += 16
        return tuple(found)


def exported(source: str) -> tuple[dict[str, int], set[str]]:
    """Constants and public functions of the wheel's Python file."""
    numbers: dict[str, int] = {}
    functions: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            functions.add(node.name)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name.isupper():
                numbers[name] = whole(node.value)
    return numbers, functions


def whole(node: ast.expr) -> int:
    """The integer that an expression of numbers, ``|`` and ``-`` stands for."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return whole(node.left) | whole(node.right)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -whole(node.operand)
    return int(ast.literal_eval(node))


def compare(wheel: Path) -> Iterator[tuple[str, object, object]]:
    """What is compared, as it is in the wheel, and as it is in the double."""
    with zipfile.ZipFile(wheel) as packed:
        source = packed.read("MetaTrader5/__init__.py").decode("utf-8")
        (core,) = [name for name in packed.namelist() if name.endswith(".pyd")]
        image = Image(packed.read(core))
    numbers, written = exported(source)
    told = json.loads(TABLES.read_text("utf-8"))
    yield f"{len(numbers)} constants", numbers, constants()
    yield "constants of the tests' tables", numbers, told["constants"]
    yield "functions written in Python", written, IN_PYTHON
    documented = set(re.findall(rb"\0([a-z_]+)\([^\n\0]*\)\s", image.data))
    yield "functions of the core", {name.decode() for name in documented}, set(FUNCTIONS) - IN_PYTHON
    found = dict(image.structures())
    yield f"{len(STRUCTURES)} structures", found, {name: kind.names for name, kind in STRUCTURES.items()}
    lists = {name: list(fields) for name, fields in found.items()}
    yield "structures of the tests' tables", lists, told["structures"]
    texts = {text.partition(" argument")[0] for text in ERRORS.values()} - MADE_UP
    yield "texts of errors", {text for text in texts if text.encode() in image.data}, texts
    fields = {name for name, _ in RATES + TICKS}
    yield "fields of arrays", {name for name in fields if name.encode() + b"\0" in image.data}, fields


def twins() -> Iterator[tuple[str, object, object]]:
    """numpy's array against the light one."""
    rows = [(60, 1.0, 1.3, 0.9, 1.2, 5, 10, 0), (120, 1.2, 1.4, 1.1, 1.3, 7, 9, 0)]
    heavy, light = structured(rows, RATES, light=False), structured(rows, RATES, light=True)
    yield "numpy's names", heavy.dtype.names, light.dtype.names
    yield "numpy's widths", [(name, kind.lstrip("<")) for name, kind in heavy.dtype.descr], light.dtype.descr
    yield "numpy's rows", heavy.tolist(), light.tolist()
    yield "numpy's columns", heavy["close"].tolist(), light["close"]
    yield "what is taken by itself", type(structured(rows, RATES)).__module__, "numpy"


def main() -> int:
    """Print a line for each comparison; 1 when one differs."""
    wheels = sorted(Path(sys.argv[1]).glob("[Mm]eta[Tt]rader5-*.whl"))
    if not wheels:
        print("no wheel of MetaTrader5 here")
        return 1
    print(f"{wheels[-1].name}; the double was made from {VERSION}")
    failed = False
    for what, theirs, ours in [*compare(wheels[-1]), *twins()]:
        same = theirs == ours
        failed = failed or not same
        print(f"{'equal  ' if same else 'DIFFERS'} {what}")
        if not same:
            print(f"  wheel:  {theirs}\n  double: {ours}")
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
