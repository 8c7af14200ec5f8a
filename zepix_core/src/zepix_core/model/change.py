"""A change of configuration, as ``on_config_change`` gets it."""

from datetime import datetime
from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class Change:
    """One changed key. ``change_type`` is ``added``, ``modified`` or ``removed``; ``at`` is aware UTC."""

    key: str
    change_type: str
    old_value: Any
    new_value: Any
    at: datetime
