"""Judging a pipe-separated message: its head, every field, and separators lost or put in."""

import re
from collections.abc import Iterator, Sequence

import attrs

from zepix_core.pine.fault import Fault
from zepix_core.pine.formats import Field, format_of, formats
from zepix_core.pine.near import one_edit
from zepix_core.pine.pipe_rules import fits, is_number, wanted
from zepix_core.pine.world import World

_BLANKS = " \t\r\n"
_PAIR_LENGTH = 3
_NO_NAME = re.compile(r"[^A-Z0-9_,]|,,|^,|,$|(?:^|(?<=,))[^A-Z]")
"""What is wrong in names with commas between: a strange character, an empty name, a name that begins so."""
_HEAD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


@attrs.frozen
class _Part:
    text: str
    at: int


def pipe_faults(text: str, world: World) -> tuple[str | None, tuple[Fault, ...]]:
    """The kind of a pipe-separated message and everything found in it."""
    parts = _split(text)
    head = parts[0].text
    kind = head.strip(_BLANKS)
    about = world.kind_fault(kind, parts[0].at, max(len(head), 1))
    if not _HEAD.fullmatch(kind):
        text = "a message with separators begins with a word that names its kind"
        bad = Fault(parts[0].at, max(len(head), 1), "unknown_type", text)
        return None, (_broken_head(parts) or bad,)
    form = world.format_of(kind, pipe=True)
    if form is None:
        # What a plugin takes is whole, even when it begins like a head of ours.
        told = about and (_broken_head(parts) or about)
        return kind, (told,) if told else ()
    listed = form.kinds[kind]
    faults = list(_faults(parts, listed, kind))
    if faults:
        faults = _lost_separator(parts, listed, kind) or faults
    return kind, tuple([about] if about else []) + tuple(faults)


def is_shift(code: str) -> bool:
    """Whether a fault of this code may be only what another one left behind: fields are told by place."""
    return code in ("field_count", "bad_tail") or code.startswith("bad_field:")


def takes(kind: str, parts: Sequence[str]) -> bool:
    """Whether a message of this kind may hold these fields."""
    form = format_of(kind, pipe=True)
    texts = [_Part(text, 0) for text in (kind, *parts)]
    return form is not None and not list(_faults(texts, form.kinds[kind], kind))


def _split(text: str) -> list[_Part]:
    start = len(text) - len(text.lstrip(_BLANKS))
    parts, at = [], start
    for piece in text.strip(_BLANKS).split("|"):
        parts.append(_Part(piece, at))
        at += len(piece) + 1
    return parts


def _faults(parts: list[_Part], listed: tuple[Field, ...], kind: str) -> Iterator[Fault]:
    given = _without_trailing(parts, listed)
    if given[0].text != kind:
        yield _bad(given[0], "type", "the head has blanks around it")
    rest, fields, left = layout(given[1:], listed)
    for part, field in zip(rest, fields, strict=False):
        if not fits(part.text, field):
            yield _where_damaged(part, field, f"{field.key} must be {wanted(field)}")
        elif (must := field.limits.get("must")) and part.text != must:
            yield Fault(part.at, len(part.text), "direction_mismatch", f"{kind} comes with {must}")
    if len(rest) < len(fields):
        missing = fields[len(rest)]
        end = given[-1]
        text = f"{kind} ends before its field {missing.key}"
        yield Fault(end.at + len(end.text), 1, "field_count", text, f"It must be {wanted(missing)}.")
    if left:
        tail = any(field.group for field in listed)
        text = f"{kind} has no field here" if not tail else "this field fits into no group of the tail"
        yield Fault(left[0].at, max(len(left[0].text), 1), "bad_tail" if tail else "field_count", text)
    yield from _together(list(zip(rest, fields, strict=False)))


def _without_trailing(parts: list[_Part], listed: tuple[Field, ...]) -> list[_Part]:
    """The fields without the one empty field a sender may put at the end."""
    varies = any(field.group for field in listed)
    if parts[-1].text == "" and len(parts) > 1 and (varies or len(parts) == len(listed) + 2):
        return parts[:-1]
    return parts


def layout(parts: list[_Part], listed: tuple[Field, ...]) -> tuple[list[_Part], list[Field], list[_Part]]:
    """Which field each part is: the tail's groups are told by their shape. Third: parts left over."""
    fixed = [field for field in listed if not field.group]
    fields, at = list(fixed), len(fixed)
    for group in dict.fromkeys(field.group for field in listed if field.group):
        members = [field for field in listed if field.group == group]
        if at < len(parts) and _begins(parts[at].text, group, members[0]):
            fields += members
            at += len(members)
    return parts[:at], fields, parts[at:]


def _begins(text: str, group: str, first: Field) -> bool:
    if group == "prices":
        return is_number(text) or text in ("NA", "NaN")
    return "/" in text if group == "pair" else fits(text, first)


def _together(found: list[tuple[_Part, Field]]) -> Iterator[Fault]:
    """What two fields say together."""
    by_key = {field.key: part for part, field in found if fits(part.text, field)}
    bull, bear = by_key.get("bull_count"), by_key.get("bear_count")
    if bull and bear and int(bull.text) + int(bear.text) > 6:
        yield _bad(bear, "bear_count", "bullish and bearish timeframes are more than six together")
        yield _bad(bull, "bull_count", "bullish and bearish timeframes are more than six together")
    count, names = by_key.get("count"), by_key.get("indicators")
    if count and names and int(count.text) != len(names.text.split(",")):
        text = f"{len(names.text.split(','))} names stand here, and the count says {count.text}"
        yield _bad(names, "indicators", text)
        yield _bad(count, "count", text)


def _bad(part: _Part, name: str, text: str) -> Fault:
    return Fault(part.at, max(len(part.text), 1), f"bad_field:{name}", text)


def _where_damaged(part: _Part, field: Field, text: str) -> Fault:
    """At the character that no name of a list may have, where there is one; else the whole field."""
    found = _NO_NAME.search(part.text) if field.rule == "names" else None
    if found is None:
        return _bad(part, field.key, text)
    return Fault(part.at + found.start(), 1, f"bad_field:{field.key}", text)


def _broken_head(parts: list[_Part]) -> Fault | None:
    """A head that a separator parts in two, or that one no longer parts from the ticker."""
    kinds, head = [kind for form in formats() if not form.key for kind in form.kinds], parts[0]
    if len(parts) > 1 and any(one_edit(head.text + parts[1].text, kind) for kind in kinds):
        return Fault(parts[1].at - 1, 1, "unknown_type", "this separator | parts the message's head in two")
    begun = [kind for kind in kinds if head.text.startswith(kind)]
    if not begun:
        return None
    at = head.at + len(max(begun, key=len))
    return Fault(at, 1, "unknown_type", "a separator | is missing here, behind the kind of alert")


@attrs.frozen
class _Repair:
    at: int
    parts: list[_Part]
    text: str


def _lost_separator(parts: list[_Part], listed: tuple[Field, ...], kind: str) -> list[Fault]:
    """One separator lost or put in, when that alone explains every fault. Where several places would do,
    the most plausible are named: from the first to the last of them."""
    repairs = [repair for repair in _repairs(parts) if not list(_faults(repair.parts, listed, kind))]
    if not repairs:
        return []
    ranked = [(_plausible(repair.parts, listed), repair) for repair in repairs]
    best = max(rank for rank, _ in ranked)
    places = [repair for rank, repair in ranked if rank == best]
    first, last = places[0], places[-1]
    text = first.text
    if len(places) > 1:
        text += f", or further on, up to character {last.at + 1}"
    return [Fault(first.at, last.at - first.at + 1, "field_count", text)]


def _repairs(parts: list[_Part]) -> Iterator[_Repair]:
    """Every message that one separator more or less makes, in the order of the text."""
    for number, part in enumerate(parts[1:], 1):
        before, after = parts[:number], parts[number + 1 :]
        for cut in range(len(part.text) + 1):
            at, left, right = part.at + cut, part.text[:cut], part.text[cut:]
            two = [_Part(left, part.at), _Part(right, at)]
            yield _Repair(at, [*before, *two, *after], "a separator | is missing here")
            for rest in {right, right[1:]} if len(part.text) <= _PAIR_LENGTH else ():
                paired = _Part(f"{left}/{rest}", part.at)
                yield _Repair(at, [*before, paired, *after], "a / belongs here")
        if after:
            merged = _Part(part.text + after[0].text, part.at)
            yield _Repair(after[0].at - 1, [*before, merged, *after[1:]], "this separator | is one too many")


def _plausible(parts: list[_Part], listed: tuple[Field, ...]) -> int:
    """How many fields look as senders write them; two bar numbers are about as long as each other."""
    rest, fields, _ = layout(_without_trailing(parts, listed)[1:], listed)
    pairs = list(zip(rest, fields, strict=False))
    usual = sum(1 for part, field in pairs if field.usual is None or field.usual.fullmatch(part.text))
    by_key = {field.key: part.text for part, field in pairs}
    start, current = by_key.get("start_bar", ""), by_key.get("current_bar", "")
    return 2 * usual - 2 * len(fields) - abs(len(start) - len(current))
