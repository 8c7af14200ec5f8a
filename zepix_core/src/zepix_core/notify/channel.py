"""A way to people, as the sender of its notices uses it."""

from typing import Protocol

import attrs

from zepix_core.notify.message import Message


@attrs.frozen(kw_only=True)
class Told:
    """It was taken."""

    status: int = 0


@attrs.frozen(kw_only=True)
class Later:
    """It was not taken now, or nobody knows.

    Attributes:
        seconds: How long to wait at least; ``None``: as long as a back-off says.
        answered: There was an answer: it may be this very message that the receiver fails on.
    """

    reason: str
    seconds: float | None = None
    status: int = 0
    answered: bool = False


@attrs.frozen(kw_only=True)
class Refused:
    """It will never be taken as it is."""

    reason: str
    status: int = 0


Outcome = Told | Later | Refused


class Channel(Protocol):
    """Tells one message at a time. It never raises for what the other side does, and always ends in time."""

    @property
    def name(self) -> str:
        """What its rows in the journal go by; stays the same over restarts."""

    @property
    def where(self) -> str:
        """Where it leads, without what is secret."""

    async def tell(self, message: Message) -> Outcome:
        """Send a message; the same one may come again."""
