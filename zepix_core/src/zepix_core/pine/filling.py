"""Filling the holes of a message with values that fit, each character traced back to the script."""

import re
from collections.abc import Iterator, Mapping, Sequence

import attrs

from zepix_core.clock import NS, iso
from zepix_core.inbox.bar_time import bar_time_ns
from zepix_core.pine.builtin import PLACEHOLDER, PLACEHOLDER_SAMPLES, placeholder_kind
from zepix_core.pine.formats import Field, Format, format_of
from zepix_core.pine.object_text import read_object_text
from zepix_core.pine.parts import Hole, Literal, Part
from zepix_core.pine.pipe_rules import is_number

_FIRST_MARK = 0xE000
_MARK = re.compile("[\ue000-\uf8ff]")
_JSON = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(:)?|[^\s",:{}\[\]]+', re.DOTALL)
_SAMPLES = {"ticker": "EURUSD", "tickerid": "OANDA:EURUSD", "timeframe": "15", "price": "1.1683"}
_KINDS = {"type": "entry_v3", "action": "buy"}


@attrs.frozen(kw_only=True)
class Filled:
    """A message with every hole filled.

    Attributes:
        places: Of each character: its offset in the script and how much of the script it stands for.
        holes: The holes that characters of the text came from, by their offsets in it.
    """

    text: str
    places: tuple[tuple[int, int], ...]
    holes: Mapping[int, Hole]

    def holes_of(self, at: int, end: int) -> tuple[Hole, ...]:
        """The holes in a part of the text."""
        return tuple(self.holes[place] for place in range(at, end) if place in self.holes)


@attrs.frozen
class _Where:
    """Where in the message a hole stands: under which key, and whether it is all that stands there.

    ``number`` counts the holes in one field, when nothing but separators is between them.
    """

    key: str
    whole: bool
    number: int = -1


def with_placeholders(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts with each ``{{…}}`` that TradingView knows as a hole."""
    found: list[Part] = []
    for part in parts:
        if isinstance(part, Hole):
            found.append(part)
            continue
        at = 0
        for match in PLACEHOLDER.finditer(part.text):
            kind = placeholder_kind(match[1])
            if kind is None:
                continue
            found.append(Literal(part.text[at : match.start()], part.offsets[at : match.start()]))
            sample = PLACEHOLDER_SAMPLES.get(match[1].strip(), "")
            found.append(Hole(match[0], kind, part.offsets[match.start()], len(match[0]), sample))
            at = match.end()
        found.append(Literal(part.text[at:], part.offsets[at:]))
    return tuple(part for part in found if not isinstance(part, Literal) or part.text)


def fill(parts: Sequence[Part], now_ns: int) -> Filled:
    """Fill a message in as its format wants it. ``now_ns`` is when the sample is sent, UTC."""
    holes = [part for part in parts if isinstance(part, Hole)]
    marks = iter(range(len(holes)))
    probe = "".join(
        part.text if isinstance(part, Literal) else chr(_FIRST_MARK + next(marks) % 6400) for part in parts
    )
    wheres = dict(_json_places(probe) if probe.lstrip()[:1] == "{" else _pipe_places(probe))
    fields, direction = _fields(probe)
    values = [
        _value(hole, wheres.get(number, _Where("", False)), fields, direction, now_ns)
        for number, hole in enumerate(holes)
    ]
    return _filled(parts, iter(values))


def _filled(parts: Sequence[Part], values: Iterator[str]) -> Filled:
    text, places, held = "", list[tuple[int, int]](), dict[int, Hole]()
    for part in parts:
        if isinstance(part, Literal):
            text += part.text
            places += [(at, 1) for at in part.offsets]
            continue
        value = next(values)
        held |= dict.fromkeys(range(len(text), len(text) + len(value)), part)
        text += value
        places += [(part.at, part.length)] * len(value)
    return Filled(text=text, places=tuple(places), holes=held)


def _json_places(probe: str) -> Iterator[tuple[int, _Where]]:
    key = ""
    for found in _JSON.finditer(probe):
        if found[2]:
            key = found[1]
            continue
        inside = found[1] if found[1] is not None else found[0]
        for mark in _MARK.finditer(inside):
            yield ord(mark[0]) - _FIRST_MARK, _Where(key, inside == mark[0])


def _pipe_places(probe: str) -> Iterator[tuple[int, _Where]]:
    pieces = probe.strip().split("|")
    tail = len(pieces) - (pieces[-1] == "")
    form = format_of(pieces[0], pipe=True)
    listed = list(form.kinds[pieces[0]]) if form else []
    fixed = [field.key for field in listed if not field.group]
    prices = [field.key for field in listed if field.group == "prices"]
    rest = pieces[1 + len(fixed) : tail]
    keys = fixed + (prices if len(rest) >= len(prices) > 0 else [])
    left = pieces[1 + len(keys) : tail]
    for number, piece in enumerate(left):
        pair = "/" in piece or (number == 0 and (len(left) == 2 or not piece.startswith("TL")))
        keys.append("alignment" if pair else "trendline")
    for number, piece in enumerate(pieces[1:]):
        marks = _MARK.findall(piece)
        for count, mark in enumerate(marks):
            key = keys[number] if number < len(keys) else ""
            yield ord(mark) - _FIRST_MARK, _Where(key, piece == mark, count if len(marks) > 1 else -1)


def _fields(probe: str) -> tuple[dict[str, Field], str]:
    """The fields of the message's kind, and its direction where the text says it."""
    literal: dict[str, str] = {}
    key = ""
    for found in _JSON.finditer(probe):
        if found[2]:
            key = found[1]
        elif found[1] is not None:
            # A kind that is filled in is taken to be the commonest one.
            literal.setdefault(key, _KINDS.get(key, found[1]) if _MARK.fullmatch(found[1]) else found[1])
    head = probe.strip().split("|")[0]
    pipe = probe.lstrip()[:1] != "{"
    kind = head if pipe else literal.get("type", literal.get("action", ""))
    form = format_of(kind, pipe)
    direction = _direction(kind, literal, form)
    return ({field.key: field for field in form.kinds[kind]} if form else {}), direction


def _direction(kind: str, literal: dict[str, str], form: Format | None) -> str:
    if kind in ("buy", "sell"):
        return kind
    signal = form.signals.get(literal.get("signal_type", ""), {}) if form else {}
    said = literal.get("direction", "")
    return said if said in ("buy", "sell") else signal.get("direction", "buy")


def _value(hole: Hole, where: _Where, fields: dict[str, Field], direction: str, now_ns: int) -> str:
    field = fields.get(where.key)
    wanted = field.sample(direction) if field else ""
    if field is not None and field.rule == "direction":
        wanted = direction
    if where.whole and where.key in _KINDS and hole.kind in ("unknown", "number"):
        return hole.sample or _KINDS[where.key]
    if hole.kind in ("time", "now") or (hole.kind in ("number", "unknown") and where.key == "t"):
        return str(now_ns // (NS // 1000))
    if hole.kind in ("iso", "iso_now"):
        return iso(now_ns)
    if hole.kind == "price":
        return wanted if is_number(wanted) else _SAMPLES["price"]
    if hole.kind in _SAMPLES:
        return _SAMPLES[hole.kind]
    if where.whole and (hole.kind != "number" or is_number(wanted)):
        return hole.sample if _may_be(hole.sample, wanted) else wanted or "1"
    if field is not None and field.rule == "pair":
        return wanted.split("/")[where.number] if 0 <= where.number < 2 else "0"
    if field is not None and "," in wanted:
        return wanted.split(",")[0]
    return hole.sample or ("word" if hole.kind == "word" else "1")


def _may_be(sample: str, wanted: str) -> bool:
    """An input's default is a good sample where nothing says what is wanted."""
    return bool(sample) and not wanted


def freshened(text: str, now_ns: int) -> str:
    """A JSON message with ``now_ns``, UTC, for its time, so that it is not too old to be sent."""
    for entry in read_object_text(text).entries if text.lstrip()[:1] == "{" else ():
        if entry.key == "t" and bar_time_ns(entry.value) is not None:
            stamp = str(now_ns // (NS // 1000))
            if isinstance(entry.value, str):
                stamp = f'"{stamp}"' if is_number(entry.value.strip()) else f'"{iso(now_ns)}"'
            return text[: entry.at] + stamp + text[entry.end :]
    return text
