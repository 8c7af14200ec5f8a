"""A gate in English, whatever words its plugin chose for the rule."""

from zepix_core.model.decision import Gate

COMPARISONS = ("<", "<=", ">", ">=", "=", "==", "!=")
# A rule that begins so reads on after "is not".
_STATES = ("in ", "on ", "at ", "above ", "below ", "known", "one of ", "taken ", "switched ")
_COMPARING = frozenset("<>=")


def gate_text(gate: Gate) -> str:
    """One test with its number and what it was held against; of a failed one, what did not hold."""
    return f"{gate.name}: {_passed(gate) if gate.passed else _failed(gate)}"


def gate_sentence(gate: Gate, name: str = "") -> str:
    """Why a failed gate refused: its note where that says more than value and rule; ``name`` for its own."""
    head = name or gate.name
    if not gate.note:
        return f"{head}: {_failed(gate)}"
    if gate.rule in COMPARISONS and gate.value is not None and gate.threshold is not None:
        return f"{head}: {_failed(gate)} ({gate.note})"
    return f"{head}: {gate.note}"


def _passed(gate: Gate) -> str:
    parts = [_shown(gate.value)] if gate.value is not None else []
    if not (gate.rule == "is" and isinstance(gate.threshold, bool)):
        parts.append(_wanted(gate))
    return " ".join(part for part in parts if part) or "-"


def _failed(gate: Gate) -> str:
    rule, wanted = gate.rule, _wanted(gate)
    value = None if gate.value is None else _shown(gate.value)
    if rule == "is":
        wanted = _shown(gate.threshold) if gate.threshold is not None else ""
        if value is None or not wanted or isinstance(gate.threshold, bool):
            return f"{value or 'not met'} (must be {wanted})" if wanted else value or "not met"
        return f"{value} is not {wanted}"
    if not wanted:
        return value or "not met"
    if value is None:
        return f"not met (wanted: {wanted})"
    compares = rule in COMPARISONS and gate.threshold is not None
    if compares or (rule.startswith(_STATES) and not _COMPARING & set(rule)):
        return f"{value} is not {wanted}"
    return f"{value} (wanted: {wanted})"


def _wanted(gate: Gate) -> str:
    """Rule and threshold; a flag says no more than the rule."""
    if gate.threshold is None or (gate.rule and isinstance(gate.threshold, bool)):
        return gate.rule
    return f"{gate.rule} {_shown(gate.threshold)}".strip()


def _shown(value: str | float | bool | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}"
    return " ".join(str(value).split()) or "-"
