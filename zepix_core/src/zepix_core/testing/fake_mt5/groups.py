"""Symbol masks of the ``group`` arguments."""

import re
from functools import lru_cache


def in_group(symbol: str, group: str) -> bool:
    """Whether a symbol is in ``"*USD*,!*JPY*"``: what the masks include, less what ``!`` excludes."""
    wanted, unwanted = _masks(group)
    if wanted and not any(mask.fullmatch(symbol) for mask in wanted):
        return False
    return not any(mask.fullmatch(symbol) for mask in unwanted)


@lru_cache(maxsize=256)
def _masks(group: str) -> tuple[tuple[re.Pattern[str], ...], tuple[re.Pattern[str], ...]]:
    parts = [part.strip() for part in group.split(",") if part.strip()]
    wanted = tuple(_mask(part) for part in parts if not part.startswith("!"))
    return wanted, tuple(_mask(part[1:]) for part in parts if part.startswith("!"))


def _mask(part: str) -> re.Pattern[str]:
    return re.compile(re.escape(part).replace(r"\*", ".*"))
