"""A way to people as it stands, and what it made of one notice."""

import attrs


@attrs.frozen(kw_only=True)
class ChannelRow:
    """One channel. Times are ISO 8601 UTC, ``None`` before there is one.

    Attributes:
        where: Where it leads, without what is secret.
        least: The least urgent priority it takes.
        state: ``fine``, ``retrying`` (the last try failed, or it was told to wait), ``refusing`` (the last
            notice was refused for good), ``off`` (our side failed too often; it is not tried until the next
            start) or ``stopped`` (the host does not run).
        waiting: Notices that are not told yet; ``oldest``: when the first of them was put.
        sent, failed, dropped: In the last 7 days; failed ones were refused for good, dropped ones were of
            little weight and too old.
        error: Why the last try failed, ``""`` after one that did not; ``next_try``: when it is tried again.
        last_failure: Why the last notice was refused for good.
    """

    channel: str
    where: str
    least: str
    state: str
    waiting: int = 0
    oldest: str | None = None
    sent: int = 0
    failed: int = 0
    dropped: int = 0
    last_sent: str | None = None
    error: str = ""
    failing_since: str | None = None
    next_try: str | None = None
    last_failure: str = ""


@attrs.frozen(kw_only=True)
class ChannelAnswer:
    """What a channel made of a test notice.

    Attributes:
        state: ``sent``, ``waiting``, ``failed`` or ``off``.
        status: The HTTP status of the answer, 0 without one.
        reason: What kept it from being sent, ``""`` when nothing did.
        seconds: From putting the notice to the answer.
    """

    channel: str
    where: str
    state: str
    status: int = 0
    reason: str = ""
    seconds: float = 0.0
