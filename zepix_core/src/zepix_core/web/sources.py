"""Who may send alerts: by address, and by the certificate that the TLS proxy has checked.

A header proves something only when a listed proxy sent it: anybody can write one.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self

import attrs

from zepix_core.clock import Clock
from zepix_core.config.webhook import WebhookSettings
from zepix_core.model.notice import Notice, Priority

Network = IPv4Network | IPv6Network
Headers = Iterable[tuple[bytes, bytes]]
DAY_SECONDS = 86_400.0
LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
WHY = {
    "source": "an address that webhook.sources does not list",
    "real_ip": "a proxy that named no caller",
    "certificate": "a caller without the certificate asked for",
}
NEXT = {
    "source": "If TradingView has new addresses, add it there; if not, make a new token.",
    "real_ip": "Let the proxy set the header named in webhook.real_ip_header.",
    "certificate": "Check what the proxy writes into client_cert_header; if it is right, make a new token.",
}


@attrs.frozen
class Verdict:
    """``refused`` is ``""`` or a key of `WHY`; ``caller`` is the sender's address, as far as known."""

    caller: str
    refused: str = ""


@attrs.frozen(kw_only=True)
class Sources:
    """The rules, made ready once.

    Attributes:
        allowed: Networks that may send; empty: all.
        proxies: Networks of proxies whose headers are believed.
        real_ip, certificate: Header names in lower case, ``b""`` when not used.
        subject: Parts that a certificate's subject must have.
    """

    allowed: tuple[Network, ...]
    proxies: tuple[Network, ...]
    real_ip: bytes
    certificate: bytes
    subject: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, settings: WebhookSettings) -> Self | None:
        """The rules of these settings; ``None`` when everybody may send and no header is believed."""
        if not (settings.sources or settings.real_ip_header or settings.client_cert_header):
            return None
        return cls(
            allowed=tuple(ip_network(text, strict=False) for text in settings.sources),
            proxies=tuple(ip_network(text, strict=False) for text in settings.trusted_proxies),
            real_ip=settings.real_ip_header.lower().encode(),
            certificate=settings.client_cert_header.lower().encode(),
            subject=subject_parts(settings.client_cert_subject),
        )

    def judge(self, peer: str, headers: Headers) -> Verdict:
        """May this request bring an alert?

        Args:
            peer: Address at the other end of the connection.
            headers: Names in lower case, and values.
        """
        caller = peer
        trusted = _within(peer, self.proxies)
        if trusted and self.real_ip:
            # The proxy adds what it saw at the end; what stands before it was the caller's own claim.
            named = _value(headers, self.real_ip)
            if named is None and self._is_local(peer):
                return self._certified(peer, headers, trusted)
            caller = (named or "").rpartition(",")[2].strip()
            if not _is_address(caller):
                return Verdict(peer, "real_ip")
        if self.allowed and not _within(caller, self.allowed):
            return Verdict(caller, "source")
        return self._certified(caller, headers, trusted)

    def _is_local(self, peer: str) -> bool:
        """A program of this machine, which comes without the proxy, may pass unnamed.

        Only where no address is checked: a proxy on this machine that forgets the header looks the same,
        and a list of senders must not open for all of the internet then.
        """
        return not self.allowed and _within(peer, LOOPBACK)

    def _certified(self, caller: str, headers: Headers, trusted: bool) -> Verdict:
        if self.certificate:
            shown = (_value(headers, self.certificate) or "") if trusted else ""
            if not self.subject <= subject_parts(shown):
                return Verdict(caller, "certificate")
        return Verdict(caller)


class DailyNotice:
    """Says once a day and reason that somebody with a right token was refused."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: dict[str, float] = {}

    def of(self, verdict: Verdict, refused: int) -> Notice | None:
        """The notice to put, ``None`` when one was put within the last day.

        Args:
            refused: How many requests the rules have refused since the start.
        """
        now, last = self._clock.monotonic(), self._told.get(verdict.refused)
        if last is not None and now - last < DAY_SECONDS:
            return None
        self._told[verdict.refused] = now
        why, then = WHY[verdict.refused], NEXT[verdict.refused]
        return Notice(
            type="alert_source_refused",
            priority=Priority.HIGH,
            text=f"An alert with a right token was refused: {verdict.caller} is {why}. {then}",
            data={"source": verdict.caller, "reason": verdict.refused, "refused": refused},
        )


@lru_cache(maxsize=64)
def subject_parts(text: str) -> frozenset[tuple[str, str]]:
    r"""The parts of a subject written as RFC 2253 does (``CN=a\, b,O=c``), names in upper case.

    Commas and plus signs inside quotes or behind a backslash belong to the value. The older form with
    slashes is not read: in it a value can look like another part.
    """
    parts: list[str] = [""]
    escaped = quoted = False
    for sign in text:
        if escaped:
            parts[-1] += sign
            escaped = False
        elif sign == "\\":
            escaped = True
        elif sign == '"':
            quoted = not quoted
        elif sign in ",+" and not quoted:
            parts.append("")
        else:
            parts[-1] += sign
    pairs = (part.partition("=") for part in parts if "=" in part)
    return frozenset((name.strip().upper(), value.strip()) for name, _, value in pairs)


def _value(headers: Headers, wanted: bytes) -> str | None:
    """The last header of that name; ``None`` when there is none."""
    found = None
    for name, value in headers:
        if name == wanted:
            found = value
    return None if found is None else found.decode("latin-1")


@lru_cache(maxsize=256)
def _within(address: str, networks: tuple[Network, ...]) -> bool:
    if not networks:
        return False
    try:
        at = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(at, IPv6Address) and at.ipv4_mapped is not None:
        at = at.ipv4_mapped
    return any(at in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
