"""A notice that tries a channel, and its way where no host runs that could take it."""

from zepix_core.clock import Clock
from zepix_core.config.notify import WEBHOOK, OutgoingWebhook
from zepix_core.journal.channels import StoredNotice
from zepix_core.model.channel import ChannelAnswer
from zepix_core.model.notice import Notice, Priority
from zepix_core.notify.channel import Later, Refused
from zepix_core.notify.message import message_of


def trial_notice(by: str, least: Priority) -> Notice:
    """A notice that a channel takes, whatever else it takes."""
    text = f"Zepix can reach you here. This is a test, asked for by {by}."
    return Notice(type="test", priority=max(Priority.HIGH, least), text=text, data={"by": by})


async def tell_directly(settings: OutgoingWebhook, clock: Clock, by: str) -> ChannelAnswer | None:
    """Send a test notice without a host and without the outbox; ``None`` when no address is set."""
    endpoint = settings.endpoint
    if endpoint is None:
        return None
    from zepix_core.notify.webhook import WebhookChannel

    notice = trial_notice(by, settings.least)
    now = clock.now_ns()
    stored = StoredNotice(
        id=0, created_ns=now, priority=notice.priority, type=notice.type, text=notice.text, data=notice.data,
        plugin=None, symbol=None, alert_id=None,
    )  # fmt: skip
    began = clock.monotonic()
    outcome = await WebhookChannel(settings, endpoint, clock).tell(message_of((stored,), now))
    refused = isinstance(outcome, Refused)
    return ChannelAnswer(
        channel=WEBHOOK,
        where=endpoint.shown,
        state="failed" if refused or isinstance(outcome, Later) else "sent",
        status=outcome.status,
        reason=outcome.reason if isinstance(outcome, Refused | Later) else "",
        seconds=clock.monotonic() - began,
    )
