"""What the keys of MetaTrader 5 must be when the host trades there."""

from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str, ...]


def mt5_faults(data: Mapping[str, Any], written: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Faults of the ``mt5_*`` keys and of ``symbol_mapping``.

    Args:
        data: The effective values; ``written``: the file's, placeholders not filled in.
    """
    password = written.get("mt5_password")
    if isinstance(password, str) and password and not ("${" in password and "}" in password):
        yield ("mt5_password",), "must be written as ${MT5_PASSWORD}, with the password itself in .env"
    seen: dict[str, str] = {}
    for ours, theirs in data["symbol_mapping"].items():
        if not ours.isalnum():
            yield ("symbol_mapping", ours), "must be a TradingView name such as XAUUSD"
        if theirs in seen:
            yield ("symbol_mapping", ours), f"{theirs} is {seen[theirs]} already"
        seen[theirs] = ours
    if data["broker"] != "mt5":
        return
    for key, meaning in (
        ("mt5_login", "the number of the account"),
        ("mt5_password", "its password, as ${MT5_PASSWORD}"),
        ("mt5_server", "the broker's server, such as Broker-Demo"),
    ):
        if not data[key]:
            yield (key,), f'is needed for broker = "mt5": {meaning}'
