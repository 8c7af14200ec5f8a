"""Judging a JSON message: its syntax, its kind, every key and value."""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from zepix_core.pine.fault import Fault
from zepix_core.pine.formats import Field, Format, format_of
from zepix_core.pine.identity import identity_faults
from zepix_core.pine.json_repair import repair
from zepix_core.pine.json_rules import complaint
from zepix_core.pine.near import nearest
from zepix_core.pine.object_text import Entry, read_object_text
from zepix_core.pine.pipe_rules import is_number
from zepix_core.pine.world import World

_HOST_KEYS = ("id", "alert_id", "t", "tf")


def json_faults(text: str, world: World, filled_in: bool = False) -> tuple[str | None, tuple[Fault, ...]]:
    """The kind of a JSON message, ``None`` when it has none, and everything found in it.

    Args:
        filled_in: It stands where TradingView fills in ``{{…}}``: hints say how to write things there.
    """
    read = read_object_text(text)
    kind, faults = _content(text, read.entries, world, whole=read.fault is None)
    if read.fault is None:
        return kind, (*faults, *identity_faults(text, read.entries, faults, filled_in))
    mended: list[tuple[str | None, tuple[Fault, ...]]] = []

    def sound(repaired: str, whole: bool) -> bool:
        inner = read_object_text(repaired)
        content = _content(repaired, inner.entries, world, whole)
        mended.append(content)
        few = len(content[1]) <= len(faults)
        if whole and any(fault.code == "unknown_type" for fault in content[1]):
            return False
        return inner.fault is None and few and _as_usual(inner.entries, content[0])

    # A message that lacks keys besides is repaired, too, but only where no repair makes it whole.
    found = repair(text, read.fault, partial(sound, whole=True))
    found = found or repair(text, read.fault, partial(sound, whole=False))
    if found is None:
        return kind, (read.fault, *(fault for fault in faults if not _garbled(fault, read.fault)))
    # What is no longer there once the damage is mended was only its consequence.
    kind, left = mended[-1]
    said = {(fault.code, fault.text) for fault in left}
    return kind, (found, *(fault for fault in faults if (fault.code, fault.text) in said))


def _garbled(fault: Fault, broken: Fault) -> bool:
    """Whether a value was read wrongly because the message breaks off in it or right behind it."""
    return fault.at <= broken.at + 1 and broken.at <= fault.at + fault.length + 1


def _content(
    text: str, entries: tuple[Entry, ...], world: World, whole: bool
) -> tuple[str | None, tuple[Fault, ...]]:
    """What is wrong with the keys and values; of a message that breaks off, nothing is called missing."""
    faults = list(_repeated(entries))
    fields = {entry.key: entry.value for entry in entries}
    named = [entry for entry in entries if _names_kind(entry)]
    if not named:
        return None, (*faults, *([_no_kind(text, entries)] if whole else []))
    holder = next((entry for entry in named if entry.key == "type"), named[0])
    kind = str(holder.value)
    if about := world.kind_fault(kind, holder.at, holder.end - holder.at):
        faults.append(about)
    form = world.format_of(kind)
    if form is not None:
        faults += _values(entries, fields, form, kind)
        if whole:
            faults += _missing(text, entries, fields, form, kind)
            faults += _one_of_them(entries, fields, form, kind)
        faults += _unknown(entries, fields, form, kind, faults)
    return kind, tuple(faults)


def _as_usual(entries: tuple[Entry, ...], kind: str | None) -> bool:
    """Whether the values whose type nobody checks have the one that senders give them."""
    form = format_of(kind) if kind else None
    free = {field.key: field for field in form.kinds[kind or ""] if field.rule == "free"} if form else {}
    return all(
        entry.value is None or isinstance(entry.value, str) is not _is_bare(free[entry.key].sample())
        for entry in entries
        if entry.key in free
    ) and not any(isinstance(entry.value, dict | list) for entry in entries)


def _is_bare(sample: str) -> bool:
    """A number or a flag: it stands without quotes."""
    return sample in ("true", "false") or is_number(sample)


def _names_kind(entry: Entry) -> bool:
    """As the webhook reads the kind: text under ``type``, else under ``action``."""
    return entry.key in ("type", "action") and isinstance(entry.value, str) and bool(entry.value.strip())


def _repeated(entries: tuple[Entry, ...]) -> Iterator[Fault]:
    for entry in entries:
        if sum(other.key == entry.key for other in entries) > 1:
            text = f"the key {entry.key!r} stands here and elsewhere in the message"
            yield Fault(
                entry.key_at, _key_length(entry), "malformed_json", text, "A key may stand once only."
            )


def _no_kind(text: str, entries: tuple[Entry, ...]) -> Fault:
    meant = [entry for entry in entries if nearest(entry.key, ("type", "action"))]
    odd = next((entry for entry in entries if entry.key in ("type", "action")), None)
    if odd is not None:
        length = max(odd.end - odd.at, 1)
        return Fault(odd.at, length, "unknown_type", f"{odd.key} must be text that names the kind of alert")
    what = "the message says under neither type nor action what it is"
    if meant:
        name = nearest(meant[0].key, ("type", "action"))
        return Fault(meant[0].key_at, _key_length(meant[0]), "unknown_type", what, f"Is {name!r} meant?")
    return Fault(_start(text), 1, "unknown_type", what)


def _values(
    entries: tuple[Entry, ...], fields: Mapping[str, Any], form: Format, kind: str
) -> Iterator[Fault]:
    known = {field.key: field for field in form.kinds[kind]}
    times = Counter(entry.key for entry in entries)
    for entry in entries:
        field = known.get(entry.key)
        # Of a key that stands twice nobody knows which value is meant.
        if field is None or entry.value is None or times[entry.key] > 1:
            continue
        if (said := complaint(entry.value, field, form, fields)) is not None:
            yield Fault(entry.at, max(entry.end - entry.at, 1), said[0], said[1])


def _missing(
    text: str, entries: tuple[Entry, ...], fields: Mapping[str, Any], form: Format, kind: str
) -> Iterator[Fault]:
    listed = form.kinds[kind]
    names = {field.key for field in listed} | set(_HOST_KEYS)
    strange = {entry.key: entry for entry in entries if entry.key not in names}
    for number, field in enumerate(listed):
        if not field.need or fields.get(field.key) is not None or _implied(field, fields, form):
            continue
        code, what = _lack(field, form), f"{kind} needs {field.key}"
        if field.key in fields:
            entry = next(entry for entry in entries if entry.key == field.key)
            yield Fault(entry.at, max(entry.end - entry.at, 1), code, f"{what}, not null or NaN")
            continue
        near = nearest(field.key, strange)
        if near is not None:
            entry = strange[near]
            yield Fault(
                entry.key_at, _key_length(entry), code, what, f"Is {near!r} meant to be {field.key!r}?"
            )
            continue
        at, length = _where_expected(text, entries, {other.key for other in listed[:number]})
        yield Fault(at, length, code, what)


def _implied(field: Field, fields: Mapping[str, Any], form: Format) -> bool:
    """A signal that has one direction only needs not say it."""
    if field.rule != "direction":
        return False
    name = fields.get("signal_type")
    return isinstance(name, str) and "direction" in form.signals.get(name, {})


def _lack(field: Field, form: Format) -> str:
    special = {"tf": "missing_timeframe", "signal_type": "unknown_signal", "sl": "missing_stop"}
    if field.key == "symbol" and form.symbols:
        return "unknown_symbol"
    return special.get(field.key, "invalid_mtf_trends" if field.rule == "trends" else f"invalid_{field.key}")


def _where_expected(text: str, entries: tuple[Entry, ...], before: set[str]) -> tuple[int, int]:
    """Where a key that is not there belongs: behind the last of those that come before it."""
    last = max((number for number, entry in enumerate(entries) if entry.key in before), default=-1)
    if last + 1 < len(entries):
        entry = entries[last + 1]
        return entry.key_at, _key_length(entry)
    return max(text.rfind("}"), 0), 1


def _one_of_them(
    entries: tuple[Entry, ...], fields: Mapping[str, Any], form: Format, kind: str
) -> Iterator[Fault]:
    keys = [field.key for field in form.kinds[kind] if field.key in form.exactly_one]
    given = [entry for entry in entries if entry.key in keys and entry.value is not None]
    listed = " or ".join(keys)
    if keys and len({entry.key for entry in given}) > 1:
        for entry in given:
            text = f"give {listed}, not both"
            yield Fault(entry.key_at, _key_length(entry), "ambiguous_volume", text)
    if keys and not given:
        names = {field.key for field in form.kinds[kind]} | set(_HOST_KEYS)
        near = [entry for entry in entries if entry.key not in names and nearest(entry.key, keys)]
        entry = (near or [entry for entry in entries if entry.key in keys] or list(entries))[0]
        hint = f"Is {entry.key!r} meant to be {nearest(entry.key, keys)!r}?" if near else ""
        text = f"{kind} needs {listed}"
        yield Fault(entry.key_at, _key_length(entry), "missing_volume", text, hint)


def _unknown(
    entries: tuple[Entry, ...], fields: Mapping[str, Any], form: Format, kind: str, told: list[Fault]
) -> Iterator[Fault]:
    names = [field.key for field in form.kinds[kind]]
    spoken = {fault.at for fault in told if fault.code == "malformed_json"}
    # Of a message that lacks something, every strange key may be what is meant.
    lacks = any(fault.code.startswith("missing_") for fault in told)
    elsewhere = {field.key for other in form.kinds.values() for field in other}
    for entry in entries:
        if entry.key in names or entry.key in _HOST_KEYS or entry.key_at in spoken:
            continue
        meant = nearest(entry.key, [name for name in (*names, *_HOST_KEYS) if name not in fields])
        if form.open and meant is None and not lacks:
            continue
        text = f"{kind} has no key {entry.key!r}: it is kept and ignored"
        if entry.key in elsewhere:
            text = f"{entry.key!r} is a key of another kind than {kind}: it is ignored"
        hint = f"Is {meant!r} meant?" if meant else ""
        yield Fault(entry.key_at, _key_length(entry), "unknown_field", text, hint, grave=False)


def _start(text: str) -> int:
    return max(text.find("{"), 0)


def _key_length(entry: Entry) -> int:
    return len(entry.key) + 2
