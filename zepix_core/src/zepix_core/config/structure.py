"""Plain data (from TOML, JSON or a wire) to configuration models and back: the one converter.

Strict on purpose: ``"no"`` is not a flag, 7.9 is not a whole number, an unknown key is a mistake.
"""

import difflib
import math
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum, IntEnum, StrEnum
from pathlib import Path
from typing import Any, TypeVar, cast

import attrs
import cattrs
from cattrs.cols import (
    homogenous_tuple_structure_factory,
    is_frozenset,
    is_mapping,
    is_mutable_sequence,
    list_structure_factory,
    mapping_structure_factory,
)
from cattrs.dispatch import StructureHook
from cattrs.errors import ClassValidationError, ForbiddenExtraKeysError, IterableValidationError
from cattrs.gen import make_dict_structure_fn, override

from zepix_core.config.secrets import MASK, Secret
from zepix_core.errors import SettingsError

M = TypeVar("M")


@attrs.frozen
class Fault:
    """One mistake: ``path`` are the keys that lead to it, the last one being the key at fault."""

    path: tuple[str, ...]
    message: str

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}: {self.message}" if self.path else self.message


def structure(data: Mapping[str, Any], model: type[M]) -> M:
    """Build ``model`` from plain data; absent keys take their defaults.

    Raises:
        SettingsError: With every fault found, ``path: message`` each, in the model's order.
    """
    try:
        return _converter.structure(data, model)
    except Exception as error:
        faults = tuple(_walk(error, ()))
        if not faults:
            raise
        raise SettingsError(
            f"{len(faults)} setting{'s are' if len(faults) > 1 else ' is'} not valid.",
            "; ".join(str(fault) for fault in faults),
            tuple(str(fault) for fault in faults),
        ) from error


def find_faults(data: Mapping[str, Any], model: type[Any]) -> tuple[Fault, ...]:
    """The faults that `structure` would name, with their paths as keys; empty when it would succeed."""
    try:
        _converter.structure(data, model)
    except Exception as error:
        faults = tuple(_walk(error, ()))
        if not faults:
            raise
        return faults
    return ()


def to_plain(value: Any) -> Any:
    """A model as plain JSON values: enums as their value, moments as ISO 8601 with ``Z``, tuples as lists."""
    return _converter.unstructure(value)


def _walk(error: BaseException, path: tuple[str, ...]) -> Iterator[Fault]:
    """Every mistake in a tree of cattrs errors; errors that are not the data's are re-raised by callers."""
    if isinstance(error, ClassValidationError):
        named, plain = error.group_exceptions()
        for inner, note in named:
            yield from _walk(inner, (*path, note.name))
        for rest in plain:
            yield from _walk(rest, path)
    elif isinstance(error, IterableValidationError):
        items, plain = error.group_exceptions()
        for inner, item in items:
            yield from _walk(inner, (*path, str(item.index)))
        for rest in plain:
            yield from _walk(rest, path)
    elif isinstance(error, ForbiddenExtraKeysError):
        known = [field.name for field in attrs.fields(error.cl)]
        for key in sorted(error.extra_fields, key=str):
            near = difflib.get_close_matches(str(key), known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else "; it is not a setting"
            yield Fault((*path, str(key)), f"unknown key{hint}")
    elif isinstance(error, ValueError | TypeError):
        message = str(error)
        name = path[-1] if path else ""
        yield Fault(path, message.removeprefix(f"{name} ") if name else message)
    elif isinstance(error, KeyError):
        yield Fault(path, "is missing")


_KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    Decimal: "a number",
    datetime: "a moment",
}


def _say(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple):
        return "a list"
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)


def _wrong(value: Any, expected: str) -> ValueError:
    return ValueError(f"must be {expected}, not {_say(value)}")


def _bool(value: Any, _: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise _wrong(value, "true or false")


def _int(value: Any, _: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _wrong(value, "a whole number")


def _float(value: Any, _: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _wrong(value, "a number")
    try:
        number = float(value)
    except OverflowError:
        raise _wrong(value, "a finite number") from None
    if not math.isfinite(number):
        raise _wrong(value, "a finite number")
    return number


def _str(value: Any, _: Any) -> str:
    if isinstance(value, str) and not isinstance(value, Enum):
        return value
    raise _wrong(value, "a text")


def _decimal(value: Any, _: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise _wrong(value, "a number")
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise _wrong(value, "a number") from None
    if not number.is_finite():
        raise _wrong(value, "a finite number")
    return number


def _datetime(value: Any, _: Any) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise _wrong(value, "a moment such as 2026-01-31T12:00:00Z") from None
    if not isinstance(value, datetime):
        raise _wrong(value, "a moment such as 2026-01-31T12:00:00Z")
    if value.tzinfo is None:
        raise ValueError(f"must name its time zone, such as {value.isoformat()}Z")
    return value.astimezone(UTC)


def _secret(value: Any, _: Any) -> Secret:
    if not isinstance(value, str):
        raise ValueError("must be a text, best written as ${NAME}")  # the value itself is not shown
    return Secret(value)


def _path(value: Any, _: Any) -> Path:
    return Path(_str(value, str))


def _enum(value: Any, kind: type[Enum]) -> Enum:
    for member in kind:
        if type(member.value) is type(value) and member.value == value:
            return member
    raise _wrong(value, "one of " + ", ".join(str(member.value) for member in kind))


def _attrs_factory(kind: type[Any], converter: cattrs.Converter) -> StructureHook:
    """Validators run per field here, so that one wrong value does not hide the next."""
    hints = typing.get_type_hints(kind)
    overrides: dict[str, Any] = {}
    for field in attrs.fields(kind):
        hook = _validated(converter.get_structure_hook(hints[field.name]), field)
        overrides[field.name] = override(struct_hook=hook)
    build = make_dict_structure_fn(kind, converter, _cattrs_forbid_extra_keys=True, **overrides)

    def hook_for_class(value: Any, _: Any) -> Any:
        if not isinstance(value, Mapping):
            raise _wrong(value, "a table")
        return build(cast("dict[str, Any]", value), kind)

    return hook_for_class


def _validated(inner: Callable[[Any, Any], Any], field: "attrs.Attribute[Any]") -> StructureHook:
    def hook(value: Any, kind: Any) -> Any:
        result = inner(value, kind)
        if field.validator is not None:
            try:
                field.validator(None, field, result)
            except AttributeError:
                # The validator compares fields of the instance: the constructor runs it once more.
                return result
        return result

    return hook


def _is_union(kind: Any) -> bool:
    return typing.get_origin(kind) in (typing.Union, types.UnionType)


def _union_factory(kind: Any, converter: cattrs.Converter) -> StructureHook:
    arguments = typing.get_args(kind)
    inner = [(a, converter.get_structure_hook(a)) for a in arguments if a is not type(None)]

    def hook(value: Any, _: Any) -> Any:
        if value is None and type(None) in arguments:
            return None
        if len(inner) == 1:
            return inner[0][1](value, inner[0][0])
        for argument, structure_one in inner:
            try:
                return structure_one(value, argument)
            except ValueError:
                continue
        raise _wrong(value, " or ".join(_KINDS.get(a, getattr(a, "__name__", str(a))) for a, _ in inner))

    return hook


def _listed(factory: Callable[[Any, Any], StructureHook]) -> Callable[[Any, Any], StructureHook]:
    """cattrs takes any iterable for a list, a text included: take lists only."""

    def build(kind: Any, converter: Any) -> StructureHook:
        inner = factory(kind, converter)

        def hook(value: Any, _: Any) -> Any:
            if not isinstance(value, list | tuple | set | frozenset):
                raise _wrong(value, "a list")
            return inner(value, kind)

        return hook

    return build


def _frozenset_factory(kind: Any, converter: Any) -> StructureHook:
    item = (typing.get_args(kind) or (Any,))[0]
    inner = list_structure_factory(list[item], converter)  # type: ignore[valid-type]
    return lambda value, _: frozenset(inner(value, list))


def _tabled(kind: Any, converter: Any) -> StructureHook:
    inner = mapping_structure_factory(kind, converter)

    def hook(value: Any, _: Any) -> Any:
        if not isinstance(value, Mapping):
            raise _wrong(value, "a table")
        return inner(value, kind)

    return hook


def _is_tuple(kind: Any) -> bool:
    arguments = typing.get_args(kind)
    return typing.get_origin(kind) is tuple and len(arguments) == 2 and arguments[1] is Ellipsis


_HOOKS: dict[type[Any], StructureHook] = {
    bool: _bool,
    int: _int,
    float: _float,
    str: _str,
    Decimal: _decimal,
    datetime: _datetime,
    Path: _path,
    Secret: _secret,
}


def _make_converter() -> cattrs.Converter:
    made = cattrs.Converter(forbid_extra_keys=True, detailed_validation=True)
    made.register_structure_hook_factory(attrs.has, _attrs_factory)
    made.register_structure_hook_factory(_is_union, _union_factory)
    made.register_structure_hook_factory(is_mutable_sequence, _listed(list_structure_factory))
    made.register_structure_hook_factory(_is_tuple, _listed(homogenous_tuple_structure_factory))
    made.register_structure_hook_factory(is_frozenset, _listed(_frozenset_factory))
    made.register_structure_hook_factory(is_mapping, _tabled)
    for kind, hook in _HOOKS.items():
        made.register_structure_hook(kind, hook)
    # By class and before the hooks of text and whole number, which an enum may be as well.
    for enum in (StrEnum, IntEnum, Enum):
        made.register_structure_hook(enum, _enum)
        made.register_unstructure_hook(enum, lambda member: member.value)
    made.register_unstructure_hook(datetime, lambda at: at.astimezone(UTC).isoformat().replace("+00:00", "Z"))
    made.register_unstructure_hook(Path, str)
    made.register_unstructure_hook(Secret, lambda secret: MASK if secret else "")
    made.register_unstructure_hook(Decimal, str)
    made.register_unstructure_hook_func(_is_tuple, lambda items: [made.unstructure(item) for item in items])
    made.register_unstructure_hook_func(is_frozenset, lambda items: sorted(map(made.unstructure, items)))
    return made


_converter = _make_converter()
