"""Settings of the ways to people: the section ``notify``."""

import json
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

import attrs

from zepix_core.config.secrets import MASK
from zepix_core.model.notice import Priority
from zepix_core.model.setting import setting

WEBHOOK = "webhook"
PLACEHOLDERS = ("text", "priority", "type", "symbol", "plugin", "time", "key", "chain")
PRIORITIES = tuple(priority.name for priority in Priority)
PLACEHOLDER = re.compile(r"\{([A-Za-z_]+)\}")
LEAST_SECRET = 6
_PORTS = {"http": 80, "https": 443}
_PRINTABLE = re.compile(r"[!-~]+")
_BLANK = re.compile(r"[\s\x00-\x20\x7f]")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_VALUE = re.compile(r"[ -~]{0,1024}")
_OURS = ("host", "content-length", "transfer-encoding", "connection")


@attrs.frozen(kw_only=True)
class Endpoint:
    """Where an outgoing webhook leads. Its path may be a secret: people see `shown` alone.

    Attributes:
        path: With the query, as it goes over the line.
    """

    scheme: str
    host: str
    port: int
    path: str = attrs.field(repr=False)

    @property
    def encrypted(self) -> bool:
        """TLS, with the certificate checked."""
        return self.scheme == "https"

    @property
    def local(self) -> bool:
        """It does not leave this machine."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")

    @property
    def authority(self) -> str:
        """Host, and port where it is not the usual one: the value of a ``Host`` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def shown(self) -> str:
        """Scheme and host, without what may be secret."""
        return f"{self.scheme}://{self.authority}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The parts of the path that nobody is to read, longest first."""
        parts = re.split(r"[/?&=]", self.path)
        return tuple(sorted({part for part in parts if len(part) >= LEAST_SECRET}, key=len, reverse=True))


def parse_endpoint(url: str) -> Endpoint:
    """The parts of an address.

    Raises:
        ValueError: It cannot be used; the message does not hold it.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "").encode("idna").decode()
    except ValueError:
        raise ValueError("is no address that can be called") from None
    if parts.scheme not in _PORTS or not host:
        raise ValueError("must begin with https:// (or http://) and a host")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if _BLANK.search(url) or not _PRINTABLE.fullmatch(path):
        raise ValueError("holds a space, a line end or a sign that an address writes as %xx")
    if parts.username is not None or parts.fragment:
        raise ValueError("must hold no user name and no #; use notify.webhook.headers for a login")
    return Endpoint(scheme=parts.scheme, host=host, port=port or _PORTS[parts.scheme], path=path)


def _url(_: Any, field: "attrs.Attribute[Any]", value: str) -> None:
    if not value:
        return
    try:
        parse_endpoint(value)
    except ValueError as error:
        raise ValueError(f"{field.name} {error}") from None


def _template(_: Any, field: "attrs.Attribute[Any]", value: str) -> None:
    if not value:
        return
    try:
        shape = json.loads(value, parse_constant=_no_number)
    except ValueError as error:
        raise ValueError(f"{field.name} is not JSON: {error}") from None
    except RecursionError:
        raise ValueError(f"{field.name} is nested too deeply") from None
    for name in dict.fromkeys(_named(shape)):
        if name not in PLACEHOLDERS:
            near = get_close_matches(name, PLACEHOLDERS, n=1)
            meant = f"; did you mean {{{near[0]}}}?" if near else ""
            known = ", ".join(f"{{{one}}}" for one in PLACEHOLDERS)
            raise ValueError(f"{field.name}: {{{name}}} is none of {known}{meant}")


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _named(shape: Any) -> Iterator[str]:
    """The names in braces in all texts of a template."""
    if isinstance(shape, str):
        yield from PLACEHOLDER.findall(shape)
    elif isinstance(shape, Mapping):
        for key, value in shape.items():
            yield from (*_named(key), *_named(value))
    elif isinstance(shape, list):
        for value in shape:
            yield from _named(value)


def _headers(_: Any, field: "attrs.Attribute[Any]", values: Mapping[str, str]) -> None:
    for name, value in values.items():
        if not _HEADER.fullmatch(name) or name.lower() in _OURS:
            raise ValueError(f"{field.name}: {name!r} is no header that can be set")
        if not _VALUE.fullmatch(value):
            raise ValueError(f"{field.name}: the value of {name} must be one line of ASCII")


@attrs.frozen(kw_only=True)
class OutgoingWebhook:
    """An address that is called for each notice."""

    url: str = setting(
        "",
        doc="Where notices are sent to; empty: nowhere. It is a secret: write ${ZEPIX_NOTIFY_URL} and put "
        "the address into .env",
        validator=_url,
        restart=True,
    )
    template: str = setting(
        "",
        doc="JSON to send; {text}, {priority}, {type}, {symbol}, {plugin}, {time}, {key} and {chain} in its "
        "texts are filled in; empty: the whole notice as JSON",
        validator=_template,
        restart=True,
    )
    min_priority: str = setting(
        "HIGH", doc="The least urgent notices that are sent", choices=PRIORITIES, restart=True
    )
    headers: dict[str, str] = setting(
        factory=dict,
        doc="More headers, such as Authorization with a value of ${NAME}",
        validator=_headers,
        restart=True,
    )

    @property
    def endpoint(self) -> Endpoint | None:
        """Where it leads, ``None`` when it is not set."""
        return parse_endpoint(self.url) if self.url else None

    @property
    def least(self) -> Priority:
        """The least urgent priority that is sent."""
        return Priority[self.min_priority]


@attrs.frozen(kw_only=True)
class NotifySettings:
    """How people hear of what happens while nobody looks at the terminal."""

    no_channel_confirmed: bool = setting(
        False,
        doc="true: trade real money although no notice leaves this machine",
        restart=True,
    )
    webhook: OutgoingWebhook = setting(
        factory=OutgoingWebhook, doc="An address that is called for each notice"
    )

    @property
    def has_channel(self) -> bool:
        """Notices leave this machine."""
        return bool(self.webhook.url)


def least_by_channel(settings: NotifySettings) -> dict[str, Priority]:
    """The channels that are set, and the least urgent priority each takes."""
    return {WEBHOOK: settings.webhook.least} if settings.webhook.url else {}


def without_addresses(values: Mapping[str, Any]) -> dict[str, Any]:
    """The host's settings as plain values; address and headers of the outgoing webhook are masked."""
    notify = values.get("notify")
    webhook = notify.get("webhook") if isinstance(notify, Mapping) else None
    if not isinstance(notify, Mapping) or not isinstance(webhook, Mapping):
        return dict(values)
    shown = dict(webhook)
    if url := shown.get("url"):
        try:
            shown["url"] = f"{parse_endpoint(str(url)).shown}/{MASK}"
        except ValueError:
            shown["url"] = MASK
    if isinstance(shown.get("headers"), Mapping):
        shown["headers"] = dict.fromkeys(shown["headers"], MASK)
    return {**values, "notify": {**notify, "webhook": shown}}
