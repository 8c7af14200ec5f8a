"""The keys that make an alert unmistakable and tell when it is too old: ``id``, ``t`` and ``tf``."""

from collections.abc import Iterator, Sequence

import attrs

from zepix_core.inbox.bar_time import LEAST_AGE_SECONDS, bar_time_ns, span_seconds
from zepix_core.model.alert import text_field
from zepix_core.pine.fault import Fault
from zepix_core.pine.filling import Filled
from zepix_core.pine.object_text import Entry, read_object_text

_AGE = f"{LEAST_AGE_SECONDS // 60} minutes"
NO_TIMEFRAME = "missing_timeframe"


@attrs.frozen
class _Words:
    """How to write things in one place."""

    identity: str
    time: str
    timeframe: str


_PINE = _Words("ticker, timeframe, bar time and signal in one text", "str.tostring(time)", "timeframe.period")
_BOX = _Words('"{{ticker}}-{{interval}}-{{time}}" and the signal', '"{{time}}"', '"{{interval}}"')


def identity_faults(
    text: str, entries: Sequence[Entry], told: Sequence[Fault], filled_in: bool
) -> Iterator[Fault]:
    """What the message lacks of the three keys: all are optional, and worth having.

    Args:
        told: What was found in it already.
        filled_in: It stands where TradingView fills in ``{{…}}``.
    """
    at, fields = max(text.find("{"), 0), {entry.key: entry.value for entry in entries}
    words = _BOX if filled_in else _PINE
    if text_field(fields, "id", "alert_id") is None:
        what = "the message has no id: a replay cannot be told from a new alert"
        yield Fault(at, 1, "missing_id", what, f'Add "id": {words.identity}.', grave=False)
    time = next((entry for entry in entries if entry.key == "t"), None)
    if time is None:
        hint = f'Add "t": {words.time} (the bar\'s time) and "tf": {words.timeframe} (how long a bar is).'
        what = "the message has no bar time: an alert that comes late is traded all the same"
        yield Fault(at, 1, "missing_bar_time", what, hint, grave=False)
    elif bar_time_ns(time.value) is None:
        what = "t is no time: a number of (milli)seconds since 1970, or ISO 8601 text, is read"
        hint = f'Write "t": {words.time} and "tf": {words.timeframe}.'
        yield Fault(time.at, max(time.end - time.at, 1), "missing_bar_time", what, hint, grave=False)
    elif not span_seconds(text_field(fields, "tf")) and all(fault.code not in _ABOUT_TF for fault in told):
        what = f"t comes without a tf that tells how long a bar is: what is older than {_AGE} is stale"
        hint = f'Add "tf": {words.timeframe}.'
        yield Fault(time.key_at, len(time.key) + 2, NO_TIMEFRAME, what, hint, grave=False)


_ABOUT_TF = frozenset({NO_TIMEFRAME, "invalid_timeframe"})


def known_times(filled: Filled, faults: Sequence[Fault]) -> Iterator[Fault]:
    """The same faults where it is known what ``t`` holds: the moment of the alert does without ``tf``, the
    opening of its bar does not."""
    for fault in faults:
        kinds = _kinds_of_time(filled) if fault.code == NO_TIMEFRAME and not fault.grave else frozenset()
        if kinds & {"time", "iso"}:
            what = f"t is when the bar began, and without tf what is older than {_AGE} is stale"
            longer = f"on charts of {_AGE} and more every alert at the bar's close"
            yield attrs.evolve(fault, text=f"{what}: {longer}", grave=True)
        elif not kinds & {"now", "iso_now"}:
            yield fault


def constant_id(filled: Filled, filled_in: bool) -> Iterator[Fault]:
    """An id that never changes makes every alert after the first a replay."""
    if filled.text.lstrip()[:1] != "{":
        return
    for entry in read_object_text(filled.text).entries:
        if entry.key in ("id", "alert_id") and entry.value and not filled.holes_of(entry.at, entry.end):
            text = f"{entry.key} is the same in every alert: the second one is refused as replayed"
            hint = f"Put the bar's time into it: {'{{time}}' if filled_in else 'str.tostring(time)'}."
            yield Fault(entry.at, max(entry.end - entry.at, 1), "constant_id", text, hint)


def _kinds_of_time(filled: Filled) -> frozenset[str]:
    entries = [entry for entry in read_object_text(filled.text).entries if entry.key == "t"]
    return frozenset(hole.kind for entry in entries for hole in filled.holes_of(entry.at, entry.end))
