"""Replays what `zepix_core.broker.mt5.recording.Recorder` wrote down; also the twin of its encoding."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from zepix_core.broker.mt5.recording import REMOVED, SECRET_ARGUMENTS, Recorder, encode
from zepix_core.testing.fake_mt5.arrays import RATES, TICKS, structured
from zepix_core.testing.fake_mt5.constants import constants
from zepix_core.testing.fake_mt5.core import SUCCESS
from zepix_core.testing.fake_mt5.structures import STRUCTURES

__all__ = ["Recorder", "Replay", "ReplayMismatch", "decode", "encode"]

TRADES = frozenset({"order_send", "Buy", "Sell", "Close"})


class ReplayMismatch(AssertionError):
    """A call that is not in the log, or a trade that is not there another time."""


def decode(value: Any) -> Any:
    """The module's value that `encode` wrote."""
    if not isinstance(value, dict):
        return value
    if "structure" in value:
        fields = {key: decode(item) for key, item in value["fields"].items()}
        return STRUCTURES[value["structure"]].of(**fields)
    if "array" in value:
        fields_of = RATES if value["array"] == [name for name, _ in RATES] else TICKS
        return structured([tuple(row) for row in value["rows"]], fields_of)
    if "tuple" in value:
        return tuple(decode(item) for item in value["tuple"])
    if "request" in value:
        return {key: decode(item) for key, item in value["request"].items()}
    return value.get("seconds", value.get("other"))


class Replay:
    """A module that answers from a log.

    The same call with the same arguments gets the log's replies one after the other, and the last one again
    when they are used up: polling more often than on the day of the log changes nothing. What trades is
    answered once for each time it stands there, and never again.

    Args:
        lines: The log; empty lines are passed over.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._replies: dict[str, list[tuple[Any, Any]]] = {}
        self._error: tuple[int, str] = SUCCESS
        self.module = ModuleType("MetaTrader5", "A recorded MetaTrader5.")
        self.module.__dict__.update(constants())
        for line in lines:
            if line.strip():
                entry = json.loads(line)
                key = _key(entry["call"], entry["args"], entry["named"])
                self._replies.setdefault(key, []).append((entry["reply"], entry.get("error", SUCCESS)))
        self.module.__dict__["__getattr__"] = self._function

    @contextmanager
    def installed(self) -> Iterator["Replay"]:
        """Within the block ``import MetaTrader5`` gives the recorded one."""
        before = sys.modules.get("MetaTrader5")
        sys.modules["MetaTrader5"] = self.module
        try:
            yield self
        finally:
            if before is None:
                del sys.modules["MetaTrader5"]
            else:
                sys.modules["MetaTrader5"] = before

    def unused(self) -> tuple[str, ...]:
        """The trades of the log that were not asked for."""
        return tuple(
            key for key, replies in self._replies.items() for _ in replies if json.loads(key)[0] in TRADES
        )

    def _function(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        def replayed(*args: Any, **named: Any) -> Any:
            if name == "last_error":
                return self._error
            key = _key(name, [encode(value) for value in args], _named(named))
            replies = self._replies.get(key)
            if not replies:
                raise ReplayMismatch(f"the log has no (further) call {key}")
            reply, error = replies.pop(0) if len(replies) > 1 or name in TRADES else replies[0]
            self._error = (int(error[0]), str(error[1]))
            return decode(reply)

        return replayed


def _named(named: dict[str, Any]) -> dict[str, Any]:
    return {key: REMOVED if key in SECRET_ARGUMENTS else encode(value) for key, value in named.items()}


def _key(name: str, args: list[Any], named: dict[str, Any]) -> str:
    return json.dumps([name, args, named], sort_keys=True)
