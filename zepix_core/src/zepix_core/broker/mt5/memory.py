"""What a gateway keeps for its next life: the server's offsets, and which filling policies worked."""

import logging
from pathlib import Path
from typing import Any

import msgspec

from zepix_core.broker.mt5.numbers import Filling
from zepix_core.broker.mt5.server_time import Offsets, OffsetSince
from zepix_core.config.atomic import write_atomic
from zepix_core.errors import SettingsError

log = logging.getLogger(__name__)
FILE = "mt5.json"
MOST_OFFSETS = 16


class Memory:
    """The file ``mt5.json`` of a data folder, as far as it tells of one server.

    It can be lost at any time: the offset is measured again and a policy is tried again.

    Args:
        path: ``None`` keeps nothing.
        server: The broker's server; what others taught is kept beside it.
    """

    def __init__(self, path: Path | None, server: str) -> None:
        self._path = path
        self._server = server
        self._all = _read(path)
        self._mine: dict[str, Any] = self._all.setdefault(server, {})

    @property
    def offsets(self) -> Offsets:
        """What was measured earlier."""
        try:
            known = tuple(OffsetSince(int(at), int(seconds)) for at, seconds in self._mine.get("offsets", ()))
            return Offsets(known=known, measured_ns=int(self._mine.get("measured_ns", 0)))
        except (TypeError, ValueError):
            return Offsets()

    def keep_offsets(self, offsets: Offsets) -> None:
        """Write down what was measured."""
        rows = [[since.server_seconds, since.seconds] for since in offsets.known[-MOST_OFFSETS:]]
        self._mine.update(offsets=rows, measured_ns=offsets.measured_ns)
        self._write()

    def filling(self, symbol: str) -> Filling | None:
        """The policy that worked for a symbol, by the broker's name."""
        found = self._mine.get("filling", {}).get(symbol)
        return Filling(found) if found in set(Filling) else None

    def keep_filling(self, symbol: str, policy: Filling) -> None:
        """Write down the policy that worked."""
        if self.filling(symbol) is not policy:
            self._mine.setdefault("filling", {})[symbol] = int(policy)
            self._write()

    def _write(self) -> None:
        if self._path is None:
            return
        try:
            write_atomic(self._path, msgspec.json.format(msgspec.json.encode(self._all)).decode() + "\n")
        except SettingsError as error:
            log.warning("what was learned of the server was not kept: %s", error)


def _read(path: Path | None) -> dict[str, dict[str, Any]]:
    if path is None:
        return {}
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, dict[str, Any]])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        log.warning("%s cannot be read and is begun anew: %s", path, error)
        return {}
