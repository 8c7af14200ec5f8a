"""Settings of the alert inbox: the section ``inbox``."""

import attrs

from zepix_core.model.setting import setting


@attrs.frozen(kw_only=True)
class InboxSettings:
    """How long alerts count, and how many the host takes."""

    max_age_seconds: float = setting(
        120.0, doc="Entries older than this when their turn comes are refused as expired, in seconds.", ge=1
    )
    duplicate_window_seconds: float = setting(
        60.0,
        doc="The same body again within this time is a duplicate, in seconds (exactly this is new).",
        ge=0,
    )
    replay_days: float = setting(
        7.0, doc="The same body with its own id or time again within this time is refused, in days.", ge=0
    )
    waiting_limit: int = setting(1000, doc="Alerts that may wait before new ones are answered 503.", ge=1)
    rate_per_minute: float = setting(
        600.0, doc="Alerts a minute of one token; exits are never limited.", gt=0
    )
    burst: int = setting(200, doc="Alerts of one token taken at once before the rate counts.", ge=1)
    unlimited: bool = setting(False, doc="No rate for alerts (bench profile); refused when live is true")
