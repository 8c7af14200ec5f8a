"""Settings as attrs fields: default, range and documentation stand in one place."""

import math
from typing import Any

import attrs


class _Range:
    """Validator of bounds; ``None`` values pass. Non-finite numbers never do."""

    def __init__(self, ge: float | None, gt: float | None, le: float | None, lt: float | None) -> None:
        self.ge, self.gt, self.le, self.lt = ge, gt, le, lt

    def __call__(self, _: Any, field: "attrs.Attribute[Any]", value: Any) -> None:
        if value is None or isinstance(value, bool) or not isinstance(value, int | float):
            return
        if not math.isfinite(value):
            raise ValueError(f"{field.name} must be a finite number, not {value}")
        for bound, sign, fine in (
            (self.ge, ">=", self.ge is None or value >= self.ge),
            (self.gt, ">", self.gt is None or value > self.gt),
            (self.le, "<=", self.le is None or value <= self.le),
            (self.lt, "<", self.lt is None or value < self.lt),
        ):
            if not fine:
                raise ValueError(f"{field.name} must be {sign} {bound:g}, not {value}")


class _Choice:
    """Validator of a closed list of values."""

    def __init__(self, choices: tuple[Any, ...]) -> None:
        self.choices = choices

    def __call__(self, _: Any, field: "attrs.Attribute[Any]", value: Any) -> None:
        if value is not None and value not in self.choices:
            listed = ", ".join(str(c) for c in self.choices)
            raise ValueError(f"{field.name} must be one of {listed}, not {value!r}")


def setting(
    default: Any = attrs.NOTHING,
    *,
    doc: str,
    factory: Any = None,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    choices: tuple[Any, ...] = (),
    validator: Any = None,
    restart: bool = False,
) -> Any:
    """Declare one setting of a configuration model.

    Args:
        default, factory: As in `attrs.field`.
        doc: One sentence with the unit; it becomes the comment in the written file and the reference.
        ge, gt, le, lt: Bounds for numbers (non-finite numbers are always refused).
        choices: The closed list of allowed values.
        validator: A further attrs validator.
        restart: The setting takes effect only after a restart.
    """
    validators: list[Any] = [_Range(ge, gt, le, lt)]
    if choices:
        validators.append(_Choice(choices))
    if validator is not None:
        validators.append(validator)
    bounds = {k: v for k, v in (("ge", ge), ("gt", gt), ("le", le), ("lt", lt)) if v is not None}
    metadata = {"doc": doc, "bounds": bounds, "choices": choices, "restart": restart}
    if factory is not None:
        return attrs.field(factory=factory, validator=validators, metadata=metadata)
    return attrs.field(default=default, validator=validators, metadata=metadata)
