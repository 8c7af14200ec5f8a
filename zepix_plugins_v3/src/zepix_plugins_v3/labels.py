"""Names of the orders that follow an entry, and of what is waited for: told apart after any restart."""

import re

import attrs

_CHAIN = re.compile(r"Chain_(\d+)_(\d+)@(.+)", re.ASCII)
_REENTRY = re.compile(r"ReEntry_(\d+)_([a-z_]+)@(.+)", re.ASCII)


@attrs.frozen
class Place:
    """Where an order of a chain stands."""

    chain_id: str
    level: int
    slot: int


def chain_id(symbol: str, intent_id: str) -> str:
    """The name of what grows from one order."""
    return f"{symbol}_{intent_id}"


def chain_label(place: Place) -> str:
    """The label of a chain's order."""
    return f"Chain_{place.level}_{place.slot}@{place.chain_id}"


def chain_place(label: str) -> Place | None:
    """The place that a label names."""
    match = _CHAIN.fullmatch(label)
    return None if match is None else Place(match[3], int(match[1]), int(match[2]))


def chain_key(place: Place) -> str:
    """The key of the request that places a chain's order."""
    return f"chain:{place.chain_id}:{place.level}:{place.slot}"


def reentry_label(chain: str, level: int, mode: str) -> str:
    """The label of a re-entry."""
    return f"ReEntry_{level}_{mode}@{chain}"


def reentry_chain(label: str) -> str | None:
    """The chain of re-entries that a label names."""
    match = _REENTRY.fullmatch(label)
    return None if match is None else match[3]


def follows(label: str) -> bool:
    """Whether an order is no part of a pair, but follows one."""
    return chain_place(label) is not None or reentry_chain(label) is not None


def book_key(ticket: int, tries: int) -> str:
    """The price at which an order is booked, and the request that books it."""
    return f"book:{ticket}:{tries}"


def trail_key(ticket: int, tries: int) -> str:
    """The price at which an order's stop moves."""
    return f"trail:{ticket}:{tries}"


def again_key(what: str, name: str, tries: int, due: int) -> str:
    """A moment, in seconds, at which something is tried once more."""
    return f"again:{what}:{name}:{tries}:{due}"


def reentry_key(chain: str, tries: int) -> str:
    """The price of a re-entry."""
    return f"reentry:{chain}:{tries}"


def window_key(chain: str, tries: int) -> str:
    """The beginning or the end of a re-entry's window."""
    return f"window:{chain}:{tries}"
