"""Values as JSON bodies."""

from typing import Any

import msgspec
from litestar.datastructures import State

from zepix_core.config.structure import to_plain
from zepix_core.web.view import HostView

DEFAULT_LIMIT = 50


def host_of(state: State) -> HostView:
    """The running host behind the application."""
    host: HostView = state["host"]
    return host


def body(value: Any) -> bytes:
    """A value, or a tuple of values, as JSON; fields in the order they are declared."""
    return msgspec.json.encode(to_plain(value))


def most(limit: int) -> int | None:
    """``limit`` of a listing; 0 asks for all."""
    return None if limit <= 0 else limit
