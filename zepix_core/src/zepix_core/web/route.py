"""Where a request leads, judged by its head alone."""

import logging
from typing import TYPE_CHECKING

import attrs

from zepix_core.model.host import PROBE_MARK
from zepix_core.web.request_head import RequestHead

if TYPE_CHECKING:
    from zepix_core.web.webhook import WebhookListener

log = logging.getLogger(__name__)
ROUTE = b"/webhook/"
HEALTH = b"/health"


@attrs.frozen
class ForAlert:
    """The body is an alert and may be read. ``token_id``: whose."""

    token_id: str


@attrs.frozen
class Denied:
    """Answered before the request is read; the connection is closed. ``retry``: a later one may do better."""

    status: int
    code: str
    retry: bool = False


class Health:
    """Asks how the host is."""


class Nowhere:
    """404: no such route, no such token, or no such sender; they look alike."""


Route = ForAlert | Denied | Health | Nowhere
HEALTH_ASKED, NOWHERE = Health(), Nowhere()


def route(listener: "WebhookListener", source: str, head: RequestHead) -> Route:
    """Judge a head that came from ``source``; counts and logs wrong tokens and refused senders."""
    path = head.target.partition(b"?")[0]
    if head.method == b"POST" and path.startswith(ROUTE):
        return _route_alert(listener, source, head, path.removeprefix(ROUTE))
    if head.method == b"GET" and path == HEALTH:
        return HEALTH_ASKED
    return NOWHERE


def _route_alert(listener: "WebhookListener", caller: str, head: RequestHead, token: bytes) -> Route:
    token_id = listener.token_id(token)
    if listener.sources is not None:
        verdict = listener.sources.judge(caller, head.headers)
        caller = verdict.caller
        if verdict.refused:
            listener.refuse_caller(verdict, known=token_id is not None)
            return NOWHERE
    if token_id is None:
        return _wrong_token(listener, caller, token)
    if head.has(b"transfer-encoding"):
        return Denied(400, "chunked")
    if head.has(b"content-encoding"):
        return Denied(415, "content_encoding")
    if head.length is None:
        return Denied(411, "length_required")
    if head.length > listener.settings.max_body_bytes:
        return Denied(413, "body_too_large")
    if not listener.ready:
        return Denied(503, "not_ready", retry=True)
    return ForAlert(token_id)


def _wrong_token(listener: "WebhookListener", caller: str, token: bytes) -> Route:
    if listener.wrong_tokens.is_blocked(caller):
        return Denied(429, "too_many_wrong_tokens", retry=True)
    listener.wrong_tokens.note(caller)
    level = logging.INFO if token.startswith(PROBE_MARK.encode()) else logging.WARNING
    log.log(level, "wrong token %s… from %s", token[:4].decode("latin-1"), caller)
    return NOWHERE
