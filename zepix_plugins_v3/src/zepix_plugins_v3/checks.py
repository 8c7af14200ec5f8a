"""Validators of settings that need more than a range: lists, maps and pairs."""

from collections.abc import Callable
from typing import Any

import attrs

from zepix_plugins_v3 import timeframes
from zepix_plugins_v3.signals import named
from zepix_plugins_v3.tables import LOGICS, TIERS
from zepix_plugins_v3.trends import PILLARS

Validator = Callable[[Any, "attrs.Attribute[Any]", Any], None]
_OLD_LOGICS = {f"combinedlogic-{number}": f"LOGIC{number}" for number in (1, 2, 3)}


def logic(name: str) -> str:
    """A route under its present name; the old ``combinedlogic-1`` is ``LOGIC1``.

    Raises:
        ValueError: It is no route.
    """
    found = _OLD_LOGICS.get(name, name)
    if found not in LOGICS:
        raise ValueError(f"{name!r} is no route; use {', '.join(LOGICS)}")
    return found


def override(key: str) -> tuple[frozenset[str], str | None]:
    """What a key of ``priority_1_overrides`` means: signal ids, and the timeframe or ``None`` for all.
    ``Golden_Pocket_1H`` is golden pocket on 60.

    Raises:
        ValueError: It names no signal.
    """
    head, _, tail = key.rpartition("_")
    timeframe = timeframes.normalise(tail) if head else None
    names = named(head if timeframe else key)
    return frozenset(signal.id for signal in names), timeframe


def signal_names(_: Any, field: "attrs.Attribute[Any]", value: tuple[str, ...]) -> None:
    """Each is a signal's name."""
    for name in value:
        _ask(field, named, name)


def signal_scores(_: Any, field: "attrs.Attribute[Any]", value: dict[str, int]) -> None:
    """A map from a signal to a least conviction 0..9."""
    for name, score in value.items():
        _ask(field, named, name)
        if not 0 <= score <= 9:
            raise ValueError(f"{field.name}.{name} must be 0..9, not {score}")


def overrides(_: Any, field: "attrs.Attribute[Any]", value: dict[str, str]) -> None:
    """A map from a signal, perhaps with a timeframe, to a route."""
    for key, route in value.items():
        _ask(field, override, key)
        _ask(field, logic, route)


def timeframe_routes(_: Any, field: "attrs.Attribute[Any]", value: dict[str, str]) -> None:
    """A map from a timeframe to a route."""
    for key, route in value.items():
        timeframe_list(None, field, (key,))
        _ask(field, logic, route)


def timeframe_list(_: Any, field: "attrs.Attribute[Any]", value: tuple[str, ...]) -> None:
    """Each is a wire timeframe."""
    for text in value:
        if timeframes.normalise(text) is None:
            listed = " ".join(timeframes.TIMEFRAMES)
            raise ValueError(f"{field.name} must hold timeframes ({listed}), not {text!r}")


def logic_factors(_: Any, field: "attrs.Attribute[Any]", value: dict[str, float]) -> None:
    """A map from a route to a factor 0.1..5."""
    for name, factor in value.items():
        _ask(field, logic, name)
        if not 0.1 <= factor <= 5:
            raise ValueError(f"{field.name}.{name} must be 0.1..5, not {factor:g}")


def four_pillars(_: Any, field: "attrs.Attribute[Any]", value: tuple[str, ...]) -> None:
    """The four pillars, each once."""
    if sorted(value) != sorted(PILLARS):
        raise ValueError(f"{field.name} must be the four pillars {', '.join(PILLARS)}, each once")


def places(count: int) -> Validator:
    """``count`` different places 0..5 of a six-value string."""

    def check(_: Any, field: "attrs.Attribute[Any]", value: tuple[int, ...]) -> None:
        if len(value) != count or len(set(value)) != count or not all(0 <= place <= 5 for place in value):
            raise ValueError(f"{field.name} must be {count} different whole numbers 0..5")

    return check


def rising_pair(low: float, high: float) -> Validator:
    """Two numbers, the first below the second, both within the bounds."""

    def check(_: Any, field: "attrs.Attribute[Any]", value: tuple[float, ...]) -> None:
        if len(value) != 2 or not low <= value[0] < value[1] <= high:
            raise ValueError(f"{field.name} must be two rising numbers within {low:g}..{high:g}")

    return check


def stop_tables(
    _: Any, field: "attrs.Attribute[Any]", value: dict[str, dict[str, tuple[float, ...]]]
) -> None:
    """Systems of rows: five positive numbers of pips a symbol, one for each tier."""
    for system, rows in value.items():
        for symbol, row in rows.items():
            if len(row) != len(TIERS) or not all(pips > 0 for pips in row):
                raise ValueError(
                    f"{field.name}.{system}.{symbol} must be {len(TIERS)} numbers of pips above 0, "
                    f"for the tiers {', '.join(TIERS)}"
                )


def levels(_: Any, field: "attrs.Attribute[Any]", value: tuple[int, ...]) -> None:
    """Levels 0..4 of a chain, each once."""
    if len(set(value)) != len(value) or not all(0 <= level <= 4 for level in value):
        raise ValueError(f"{field.name} must hold whole numbers 0..4, each once")


def orders_of_levels(_: Any, field: "attrs.Attribute[Any]", value: tuple[int, ...]) -> None:
    """Five numbers of orders; order B itself is all of level 0."""
    if len(value) != 5 or value[0] != 1 or not all(1 <= count <= 16 for count in value):
        raise ValueError(f"{field.name} must be five whole numbers 1..16, the first of them 1")


def money_by_logic(_: Any, field: "attrs.Attribute[Any]", value: dict[str, float]) -> None:
    """A map from a route to money above 0."""
    for name, money in value.items():
        _ask(field, logic, name)
        if not 0 < money <= 1_000_000:
            raise ValueError(f"{field.name}.{name} must be above 0 and at most 1000000, not {money:g}")


def by_symbol(most: float) -> Validator:
    """A map from a symbol to a number above 0 and at most ``most``."""

    def check(_: Any, field: "attrs.Attribute[Any]", value: dict[str, float]) -> None:
        for symbol, number in value.items():
            if not 0 < number <= most:
                raise ValueError(
                    f"{field.name}.{symbol} must be above 0 and at most {most:g}, not {number:g}"
                )

    return check


def _ask(field: "attrs.Attribute[Any]", question: Callable[[str], Any], text: str) -> None:
    try:
        question(text)
    except ValueError as error:
        raise ValueError(f"{field.name}: {error}") from None
