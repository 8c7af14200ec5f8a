"""A request dictionary becomes a `TradeRequest`, or the call fails and names the field that is wrong."""

import math
from collections.abc import Mapping
from typing import Any

from zepix_core.testing.fake_mt5.constants import MT5
from zepix_core.testing.fake_mt5.refusals import CallFailed
from zepix_core.testing.fake_mt5.structures import TradeRequest

COMMENT_LENGTH = 31
UNSIGNED = frozenset({"action", "magic", "order", "deviation", "type", "position", "position_by"})


def parse(request: Any, *, truncate: bool = False) -> TradeRequest:
    """Read what `order_send` was given: a dict, or a `TradeRequest`.

    Args:
        truncate: Cut a comment beyond 31 characters instead of failing.

    Raises:
        CallFailed: -2, with the name of the first field that cannot be taken.
    """
    if isinstance(request, TradeRequest):
        given: Mapping[str, Any] = request._asdict()
    elif isinstance(request, dict):
        given = request
    else:
        raise CallFailed(MT5.RES_E_INVALID_PARAMS, "Invalid arguments")
    kinds = TradeRequest.__annotations__
    if given.keys() - kinds.keys():
        raise CallFailed(MT5.RES_E_INVALID_PARAMS, "Invalid arguments")
    read = {name: _field(name, kinds[name], given[name]) for name in kinds if name in given}
    comment = read.get("comment", "")
    if len(comment) > COMMENT_LENGTH:
        if not truncate:
            raise CallFailed(MT5.RES_E_INVALID_PARAMS, 'Invalid "comment" argument')
        read["comment"] = comment[:COMMENT_LENGTH]
    return TradeRequest.of(**read)


def _field(name: str, kind: type, value: Any) -> Any:
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        if math.isfinite(value):
            return float(value)
    elif kind is int and type(value) is int:
        if 0 <= value < 2**64 or (name not in UNSIGNED and -(2**63) <= value < 0):
            return value
    elif kind is str and type(value) is str:
        return value
    raise CallFailed(MT5.RES_E_INVALID_PARAMS, f'Invalid "{name}" argument')
