"""A notice as it leaves this machine: the whole as JSON, or a template filled in. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import msgspec

from zepix_core.clock import NS, iso
from zepix_core.config.notify import PLACEHOLDER
from zepix_core.journal.channels import StoredNotice

TEXT_LIMIT = 1900
LATE_NS = 60 * NS
_encoder = msgspec.json.Encoder()


@attrs.frozen(kw_only=True)
class Message:
    """What is told at once: one notice, or several of one type.

    Attributes:
        key: The same each time this is sent; a receiver that saw it leaves it out.
        text: For people; at most 1,900 characters, which is what chats take. What comes late begins with its
            time.
        time: When the first of it was put, ISO 8601 UTC.
        notices: Ids.
        chain: The newest event of the journal and its hash, as ``zepix audit verify --expect`` takes them:
            who receives this is a witness of how far the chain had come.
    """

    key: str
    time: str
    priority: str
    type: str
    text: str
    plugin: str = ""
    symbol: str = ""
    alert_id: int | None = None
    data: Mapping[str, Any] = attrs.field(factory=dict)
    notices: tuple[int, ...] = ()
    chain: str = ""

    @property
    def body(self) -> bytes:
        """All of it as JSON."""
        return _encoder.encode(attrs.asdict(self))


def message_of(notices: Sequence[StoredNotice], now_ns: int, chain: str = "") -> Message:
    """One message for these notices, at least one, all of one type."""
    first = notices[0]
    late = f"[{iso(first.created_ns)}] " if now_ns - first.created_ns > LATE_NS else ""
    if len(notices) == 1:
        return Message(
            key=key_of(first), time=iso(first.created_ns), priority=first.priority.name, type=first.type,
            text=_cut(late + (first.text or first.type)), plugin=first.plugin or "",
            symbol=first.symbol or "", alert_id=first.alert_id, data=first.data, notices=(first.id,),
            chain=chain,
        )  # fmt: skip
    return Message(
        key=f"{key_of(first)}+{key_of(notices[-1])}",
        time=iso(first.created_ns),
        priority=first.priority.name,
        type=first.type,
        text=_joined(f"{late}{len(notices)} notices: {first.type}", [one.text for one in notices]),
        plugin=_common(one.plugin for one in notices),
        symbol=_common(one.symbol for one in notices),
        notices=tuple(one.id for one in notices),
        chain=chain,
    )


def key_of(notice: StoredNotice) -> str:
    """What names a notice for good: a journal that was put back gives its ids again, but at other times."""
    return f"{notice.id}-{notice.created_ns}"


def fill(template: str, message: Message) -> bytes:
    """A template of the settings with the message in it: JSON, whatever the message holds."""
    values = {
        "text": message.text, "priority": message.priority, "type": message.type, "symbol": message.symbol,
        "plugin": message.plugin, "time": message.time, "key": message.key, "chain": message.chain,
    }  # fmt: skip
    return _encoder.encode(_filled(msgspec.json.decode(template), values))


def _filled(shape: Any, values: Mapping[str, str]) -> Any:
    if isinstance(shape, str):
        return PLACEHOLDER.sub(lambda match: values[match[1]], shape)
    if isinstance(shape, Mapping):
        return {_filled(key, values): _filled(value, values) for key, value in shape.items()}
    if isinstance(shape, list):
        return [_filled(value, values) for value in shape]
    return shape


def _joined(head: str, texts: Sequence[str]) -> str:
    lines = [head]
    length = len(head)
    for index, text in enumerate(texts):
        line = " ".join(text.split())[:200]
        if length + len(line) > TEXT_LIMIT - 40:
            return "\n".join((*lines, f"and {len(texts) - index} more"))
        lines.append(line)
        length += len(line) + 1
    return "\n".join(lines)


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1] + "…"


def _common(values: Any) -> str:
    found = set(values)
    return (found.pop() or "") if len(found) == 1 else ""
