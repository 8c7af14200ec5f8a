"""Symbols have two names: TradingView's inside the host, the broker's at its border. Pure."""

import difflib
from collections.abc import Iterable, Mapping

ALIASES = (("XAUUSD", "GOLD"), ("XAGUSD", "SILVER"))
MOST = 3


class Names:
    """Both names of every symbol; one that nobody mapped has the same on both sides.

    Args:
        mapping: Ours to the broker's.
    """

    def __init__(self, mapping: Mapping[str, str]) -> None:
        self._theirs = dict(mapping)
        self._ours = {theirs: ours for ours, theirs in mapping.items()}

    def theirs(self, ours: str) -> str:
        """The broker's name."""
        return self._theirs.get(ours, ours)

    def ours(self, theirs: str) -> str:
        """The host's name."""
        return self._ours.get(theirs, theirs)


def near_names(wanted: str, known: Iterable[str]) -> tuple[str, ...]:
    """Names at the broker that are likely meant by ``wanted``, the likeliest first.

    Brokers add a suffix (``EURUSD.m``, ``XAUUSD.cash``) or a prefix, or call metals by their names.
    """
    stems = next((pair for pair in ALIASES if wanted.upper() in pair), (wanted.upper(),))
    plain = {name: "".join(filter(str.isalnum, name)).upper() for name in known}
    holding = [name for name, text in plain.items() if any(stem in text for stem in stems)]
    holding.sort(key=lambda name: (not plain[name].startswith(stems), len(name), name))
    close = difflib.get_close_matches(wanted.upper(), sorted(set(plain.values())), n=MOST, cutoff=0.75)
    alike = [name for text in close for name in sorted(plain) if plain[name] == text]
    return tuple(dict.fromkeys([*holding, *alike]))[:MOST]
