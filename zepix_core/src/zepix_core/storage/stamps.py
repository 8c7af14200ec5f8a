"""Times as the plugin, central, health and versions files hold them: UTC text ``YYYY-MM-DD HH:MM:SS``.

It sorts as time does and equals what SQLite's own CURRENT_TIMESTAMP writes.
"""

from datetime import UTC, datetime

from zepix_core.clock import moment

FORMAT = "%Y-%m-%d %H:%M:%S"


def stamp(at: datetime | int) -> str:
    """An aware datetime, or nanoseconds since the epoch, as text; parts of a second are cut off."""
    if isinstance(at, int):
        at = moment(at)
    elif at.tzinfo is None:
        raise ValueError("a datetime without a timezone names no moment; use an aware UTC datetime")
    return at.astimezone(UTC).strftime(FORMAT)


def read_stamp(text: str) -> datetime:
    """The moment that such a text names, aware UTC.

    Raises:
        ValueError: The text is not such a time.
    """
    return datetime.strptime(text, FORMAT).replace(tzinfo=UTC)
