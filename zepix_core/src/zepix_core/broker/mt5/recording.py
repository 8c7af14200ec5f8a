"""Writes down every call of the terminal's module and its reply, without credentials, to be replayed."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

REMOVED = "(removed)"
SECRET_ARGUMENTS = frozenset({"password"})
SECRET_FIELDS = frozenset({"name:AccountInfo", "data_path:TerminalInfo", "commondata_path:TerminalInfo"})


class Recorder:
    """Stands before the module; each call becomes one line of JSON.

    A line holds ``call``, ``args``, ``named``, ``reply`` and, when the reply is ``None`` or ``False``, the
    ``error`` that `last_error` gave. Passwords, the owner's name and the paths below the user's folder are
    removed; login, server, tickets and money are not.

    Args:
        module: ``MetaTrader5``, or its double.
        write: Takes each line, without its end.
    """

    def __init__(self, module: Any, write: Callable[[str], None]) -> None:
        self._module = module
        self._write = write

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name)
        if not callable(found):
            return found

        def recorded(*args: Any, **named: Any) -> Any:
            reply = found(*args, **named)
            line: dict[str, Any] = {
                "call": name,
                "args": [encode(value) for value in args],
                "named": {
                    key: REMOVED if key in SECRET_ARGUMENTS else encode(value) for key, value in named.items()
                },
                "reply": encode(reply, private=True),
            }
            if reply is None or reply is False:
                line["error"] = list(self._module.last_error())
            self._write(json.dumps(line, ensure_ascii=False))
            return reply

        return recorded


def encode(value: Any, *, private: bool = False) -> Any:
    """A value of the module as JSON's: structures by field name, arrays as rows, tuples marked as such.

    Args:
        private: Remove what tells who the person is.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if hasattr(value, "_asdict"):
        kind = type(value).__name__
        fields = {
            key: REMOVED if private and f"{key}:{kind}" in SECRET_FIELDS else encode(item)
            for key, item in value._asdict().items()
        }
        return {"structure": kind, "fields": fields}
    if getattr(getattr(value, "dtype", None), "names", None):
        return {"array": list(value.dtype.names), "rows": [list(row) for row in value.tolist()]}
    if hasattr(value, "item"):
        return value.item()
    if isinstance(value, tuple | list):
        return {"tuple": [encode(item, private=private) for item in value]}
    if isinstance(value, dict):
        return {"request": {str(key): encode(item) for key, item in value.items()}}
    if isinstance(value, datetime):
        return {"seconds": value.timestamp()}
    return {"other": repr(value)}
