"""Settings of the webhook listener: the section ``webhook``."""

import attrs

from zepix_core.model.setting import setting

TRADINGVIEW_SOURCES = ("52.89.214.238", "34.212.75.30", "54.218.53.128", "52.32.178.7")


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
