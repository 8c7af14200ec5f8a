"""One gate as it was judged, with the code it refuses with."""

import attrs

from zepix_core.model.decision import Gate
from zepix_core.model.gate_words import gate_sentence

Value = str | int | float | bool | None


@attrs.frozen(kw_only=True)
class Judged:
    """A gate, its refusal code (``""`` when passed) and the sentence for people.

    Attributes:
        leg: The leg that is refused alone; ``""`` when a refusal concerns the whole request.
    """

    gate: Gate
    code: str = ""
    message: str = ""
    leg: str = ""
    smart_lot: float | None = None


def passed(name: str, _code: str, value: Value, rule: str, threshold: Value, note: str = "") -> Judged:
    """A gate that let the order through; ``_code`` keeps the shape of `failed`."""
    return Judged(gate=Gate(name, True, value, rule, threshold, note))


def failed(name: str, code: str, value: Value, rule: str, threshold: Value, note: str = "") -> Judged:
    """A gate that refuses with ``code``."""
    gate = Gate(name, False, value, rule, threshold, note)
    return Judged(gate=gate, code=code, message=gate_sentence(gate, name.replace("_", " ")))
