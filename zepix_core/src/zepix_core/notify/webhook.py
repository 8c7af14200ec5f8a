"""The outgoing webhook as a channel: what is posted, and what its answers mean."""

from zepix_core.clock import Clock
from zepix_core.config.notify import WEBHOOK, Endpoint, OutgoingWebhook
from zepix_core.notify.channel import Later, Outcome, Refused, Told
from zepix_core.notify.message import Message, fill
from zepix_core.notify.post import SECONDS, NotDelivered, Poster, Reply

TOO_MANY = 429
AGAIN = (408, 425, TOO_MANY)


class WebhookChannel:
    """Posts each message to the address of the settings."""

    name = WEBHOOK

    def __init__(
        self, settings: OutgoingWebhook, endpoint: Endpoint, clock: Clock, seconds: float = SECONDS
    ) -> None:
        self._template, self._endpoint = settings.template, endpoint
        self._poster = Poster(endpoint, settings.headers, clock.now_ns, seconds)

    @property
    def where(self) -> str:
        """Scheme and host."""
        return self._endpoint.shown

    async def tell(self, message: Message) -> Outcome:
        """Post it; an answer of 2xx takes it, of 4xx refuses it for good, anything else is tried again."""
        body = fill(self._template, message) if self._template else message.body
        try:
            return judge(await self._poster.post(body, message.key))
        except NotDelivered as error:
            return Later(reason=str(error))


def judge(reply: Reply) -> Outcome:
    """What an answer means for the message."""
    said = f": {reply.said}" if reply.said else ""
    reason = f"answered {reply.status}{said}"
    if 200 <= reply.status < 300:
        return Told(status=reply.status)
    if reply.status in AGAIN or reply.status >= 500 or reply.status < 200:
        return Later(
            reason=reason, seconds=reply.retry_after, status=reply.status, answered=reply.status >= 500
        )
    if 300 <= reply.status < 400:
        return Refused(reason=f"{reason}; it leads elsewhere, which is not followed", status=reply.status)
    return Refused(reason=reason, status=reply.status)
