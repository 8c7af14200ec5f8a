"""Values to MessagePack and back. Every value that crosses a process border passes here, inline too."""

from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from zepix_core.errors import WireError

T = TypeVar("T")
_encoder = msgspec.msgpack.Encoder()


@lru_cache(maxsize=256)
def _decoder(kind: Any) -> "msgspec.msgpack.Decoder[Any]":
    return msgspec.msgpack.Decoder(kind)


def encode(value: Any) -> bytes:
    """Encode a value of the model.

    Raises:
        WireError: The value holds something that cannot cross.
    """
    try:
        return _encoder.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise WireError(f"{type(value).__name__} cannot cross a process border: {error}.") from error


def decode(data: bytes | msgspec.Raw, kind: Any) -> Any:
    """Decode ``data`` as ``kind``, an attrs class or a type expression.

    Raises:
        WireError: The data is not a value of that kind.
    """
    try:
        return _decoder(kind).decode(data)
    except (msgspec.DecodeError, ValueError, TypeError, RecursionError) as error:
        raise WireError(f"what arrived is not a {getattr(kind, '__name__', kind)}: {error}.") from error


def through(value: Any, kind: Any) -> Any:
    """What the other side of a border would receive."""
    return decode(encode(value), kind)
