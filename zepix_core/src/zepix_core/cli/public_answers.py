"""What came back from the public address, and what it means. Pure."""

import json
import ssl
from collections.abc import Mapping
from typing import Any

import attrs

from zepix_core.cli.finding import BAD, OK, WARN, Finding

HEALTH, WRONG_TOKEN, ALERT = "public health", "public wrong token", "public alert route"
TRADINGVIEW_SECONDS = 3.0
SEE = "See docs/expose.md."
_CHAIN = (
    "the certificate's chain is incomplete",
    "Let the proxy send the intermediate certificates as well (fullchain.pem).",
)
CERTIFICATES: Mapping[int, tuple[str, str]] = {
    9: ("the certificate is not valid yet", "Set this machine's clock, or wait."),
    10: ("the certificate has expired", "Renew it, and let the proxy load the new one."),
    18: ("the certificate is self-signed", "Get one from a public authority, such as Let's Encrypt."),
    19: ("the certificate's authority is not a public one", "Get one from a public authority."),
    20: _CHAIN,
    21: _CHAIN,
    62: (
        "the certificate is for another name",
        "Get one for the name in web.public_url, or correct that name.",
    ),
}


@attrs.frozen(kw_only=True)
class Came:
    """An answer: status, JSON body (``None`` when it is none), seconds from connecting to its end."""

    status: int
    body: Any
    seconds: float
    server: str = ""

    @property
    def code(self) -> str:
        """The code in a refusal of ours."""
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""


@attrs.frozen(kw_only=True)
class Expected:
    """What this host would answer.

    Attributes:
        mark: Its ``boot`` in ``/health``.
        port: Where its webhook listens on this machine.
        patience: Seconds after which TradingView gives up.
        guarded: Only listed senders, or those with a certificate, are let in; this machine is none.
    """

    mark: str
    port: int
    patience: float = TRADINGVIEW_SECONDS
    guarded: bool = False


def read_body(data: bytes) -> Any:
    """JSON, or ``None``."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):  # nested without end: another program's
        return None


def tls_failure(error: ssl.SSLError) -> tuple[str, str]:
    """Detail and next step for a failed handshake."""
    if isinstance(error, ssl.SSLCertVerificationError):
        known = CERTIFICATES.get(error.verify_code)
        return known or (f"the certificate is not valid: {error.verify_message}", f"Replace it. {SEE}")
    reason = (error.reason or "").upper()
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"):
        return (
            "it does not speak TLS on this port",
            "Let the proxy serve TLS there, or check which program listens on it.",
        )
    if "CERTIFICATE_REQUIRED" in reason or "HANDSHAKE_FAILURE" in reason:
        return (
            "it ends the handshake; it may ask every caller for a certificate",
            f"Ask for one without insisting, and check it for /webhook/ alone. {SEE}",
        )
    return f"the handshake failed: {error.reason or error}", f"Check the proxy's TLS settings and log. {SEE}"


def judge_health(came: Came, expected: Expected) -> Finding:
    """``GET /health`` has to come from this very run of this host, in time."""
    body = came.body if isinstance(came.body, dict) else {}
    if "boot" not in body or came.status not in (200, 503):
        return Finding(HEALTH, BAD, *_strange(came, expected, "/health"))
    if body["boot"] != expected.mark:
        return Finding(
            HEALTH,
            BAD,
            "another Zepix host answers there",
            f"Point the proxy or tunnel at this one: http://127.0.0.1:{expected.port}.",
        )
    if came.status == 503:
        return Finding(HEALTH, BAD, "the host does not take alerts now", "See `zepix status`.")
    if slow := _slow(came, expected):
        return Finding(HEALTH, BAD, *slow)
    return Finding(HEALTH, OK, f"this host answers, in {came.seconds * 1000:.0f} ms")


def judge_wrong_token(came: Came, expected: Expected) -> Finding:
    """A POST with a token that nobody has must meet this host's own 404."""
    if came.status == 429 and came.code:
        return Finding(
            WRONG_TOKEN, WARN, "this address used up its wrong tokens", "Try again in a minute; all is well."
        )
    if came.status != 404 or came.code != "not_found":
        return Finding(WRONG_TOKEN, BAD, *_strange(came, expected, "/webhook/"))
    if slow := _slow(came, expected):
        return Finding(WRONG_TOKEN, BAD, *slow)
    return Finding(WRONG_TOKEN, OK, "is refused, as it should be")


def judge_alert_route(came: Came, expected: Expected) -> Finding:
    """A POST with the right token and a body over the limit must be refused for its size, unread."""
    code, status = came.code, came.status
    if status == 413 and code == "body_too_large":
        if slow := _slow(came, expected):
            return Finding(ALERT, BAD, *slow)
        return Finding(ALERT, OK, f"a POST with the token arrives, in {came.seconds * 1000:.0f} ms")
    if status == 413:
        return Finding(
            ALERT,
            WARN,
            "the proxy's own limit for bodies is below this host's",
            "Let it take as much as webhook.max_body_bytes.",
        )
    if code == "chunked" or (status == 411 and code == "length_required"):
        return Finding(
            ALERT,
            BAD,
            "the proxy sends bodies on in chunks",
            "Let it collect the body and send Content-Length (nginx: proxy_request_buffering on).",
        )
    if code == "content_encoding":
        return Finding(
            ALERT,
            BAD,
            "the proxy packs bodies (Content-Encoding)",
            "Switch off compression of requests in the proxy or tunnel.",
        )
    if status == 404 and code == "not_found":
        return Finding(
            ALERT,
            BAD,
            "the proxy changes the path: the token does not arrive behind /webhook/",
            "Hand on /webhook/… as it is (nginx: proxy_pass without a path; Caddy: handle, not handle_path).",
        )
    return Finding(ALERT, BAD, *_strange(came, expected, "/webhook/"))


def _slow(came: Came, expected: Expected) -> tuple[str, str] | None:
    if came.seconds <= expected.patience:
        return None
    return (
        f"the answer took {came.seconds:.1f} s; TradingView gives up after {expected.patience:g} s",
        "Look for what is slow between here and there: the tunnel, the proxy, a busy machine.",
    )


def _strange(came: Came, expected: Expected, path: str) -> tuple[str, str]:
    """Detail and next step for an answer that is not this host's."""
    here = f"http://127.0.0.1:{expected.port}"
    who = f" ({came.server})" if came.server else ""
    status = came.status
    if 300 <= status < 400:
        return (
            f"{status}: it sends callers elsewhere",
            "Write the final address into web.public_url; POSTs do not follow.",
        )
    if status in (401, 403, 407):
        return (
            f"{status}: the proxy{who} does not let callers in",
            f"Let {path} through without a login. {SEE}",
        )
    if status == 404 and came.code == "not_found":
        return (
            f"this host answers 404: the proxy hands on another path than {path}",
            "Let it cut the path that stands in web.public_url, and nothing else.",
        )
    if status == 404:
        return f"404: the proxy{who} does not hand on {path}", f"Pass {path} to {here}."
    if status in (502, 503, 504):
        return f"{status}: the proxy{who} does not reach this host", f"Point it at {here}."
    if status == 400 and not came.code:
        return (
            f"400: the proxy{who} refuses the request; it may insist on a client certificate",
            f"Insist on it for /webhook/ alone. {SEE}",
        )
    return f"another program{who} answers, with {status}", f"Point the proxy or tunnel at {here}."
