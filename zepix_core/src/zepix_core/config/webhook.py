"""Settings of the webhook listener: the section ``webhook``."""

import re
from ipaddress import ip_network
from typing import Any

import attrs

from zepix_core.model.setting import setting

TRADINGVIEW_SUBJECT = "CN=TradingView Webhooks,O=TradingView\\, Inc."
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
TRADINGVIEW_SOURCES = ("52.89.214.238", "34.212.75.30", "54.218.53.128", "52.32.178.7")


def _networks(_: Any, field: "attrs.Attribute[Any]", values: tuple[str, ...]) -> None:
    for value in values:
        try:
            ip_network(value, strict=False)
        except ValueError:
            raise ValueError(
                f"{field.name} must hold addresses such as 52.89.214.238 or 10.0.0.0/8, not {value!r}"
            ) from None


def _header(_: Any, field: "attrs.Attribute[Any]", value: str) -> None:
    if value and not _HEADER.fullmatch(value):
        raise ValueError(f"{field.name} must be the name of a header such as X-Real-IP, not {value!r}")


def _subject(_: Any, field: "attrs.Attribute[Any]", value: str) -> None:
    if "=" not in value:
        raise ValueError(f"{field.name} must be such as CN=TradingView Webhooks, not {value!r}")


@attrs.frozen(kw_only=True)
class WebhookSettings:
    """Where alerts come in and how much one caller may take."""

    host: str = setting("127.0.0.1", doc="Address to listen on.", restart=True)
    port: int = setting(8080, doc="Port to listen on; 0 takes any free one.", ge=0, le=65535, restart=True)
    strict_alerts: bool = setting(
        False, doc="Refuse alerts that carry neither an id nor a time of their own."
    )
    max_body_bytes: int = setting(16_384, doc="Largest body, in bytes.", ge=256, le=1_048_576)
    max_header_bytes: int = setting(8_192, doc="Largest header block, in bytes.", ge=1024, le=65_536)
    max_request_line_bytes: int = setting(2_048, doc="Longest request line, in bytes.", ge=256, le=16_384)
    header_seconds: float = setting(
        5.0, doc="Time a caller has to send its headers, in seconds.", gt=0, le=60
    )
    request_seconds: float = setting(
        8.0, doc="Time a caller has for the whole request, in seconds.", gt=0, le=60
    )
    max_connections: int = setting(256, doc="Open connections in all.", ge=1)
    max_connections_per_source: int = setting(32, doc="Open connections of one address.", ge=1)
    wrong_tokens_per_minute: int = setting(
        10, doc="Wrong tokens a minute of one address before it gets 429.", ge=1
    )
    sources: tuple[str, ...] = setting(
        factory=tuple,
        doc="Addresses and networks that may send alerts; empty: all. TradingView's: "
        + ", ".join(TRADINGVIEW_SOURCES),
        validator=_networks,
    )
    trusted_proxies: tuple[str, ...] = setting(
        factory=tuple,
        doc="Addresses of proxies whose headers below are believed, such as 127.0.0.1.",
        validator=_networks,
    )
    real_ip_header: str = setting(
        "", doc="Header in which a trusted proxy names the caller, such as X-Real-IP.", validator=_header
    )
    client_cert_header: str = setting(
        "",
        doc="Header in which a trusted proxy names the subject of the certificate it has checked; "
        "when set, alerts without it are refused.",
        validator=_header,
    )
    client_cert_subject: str = setting(
        TRADINGVIEW_SUBJECT, doc="Parts that subject must have.", validator=_subject
    )
