"""``web.public_url`` taken apart, and what TradingView would say to it. Pure."""

from ipaddress import IPv4Address, ip_address
from urllib.parse import quote, urlsplit

import attrs

PORTS = {"http": 80, "https": 443}
NAME = "public address"
_AS_WRITTEN = "/%:@!$&'()*+,;=~"


@attrs.frozen(kw_only=True)
class Address:
    """Where the outside calls this host, as it goes over the line: ASCII alone.

    ``path`` comes before ``/webhook/…`` and ends without a slash.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def encrypted(self) -> bool:
        """Callers use TLS."""
        return self.scheme == "https"

    @property
    def host_header(self) -> str:
        """Value of the ``Host`` header."""
        return self.host if self.port == PORTS[self.scheme] else f"{self.host}:{self.port}"


def parse_address(url: str) -> Address | None:
    """The parts of ``web.public_url``; ``None`` when it is no http or https address."""
    try:
        parts = urlsplit(url.strip())
        port, host = parts.port, (parts.hostname or "").encode("idna").decode()
    except ValueError:  # a name that DNS cannot hold is one, too
        return None
    if parts.scheme not in PORTS or not host:
        return None
    path = quote(parts.path.rstrip("/"), safe=_AS_WRITTEN)
    return Address(scheme=parts.scheme, host=host, port=port or PORTS[parts.scheme], path=path)


def address_faults(url: str) -> tuple[tuple[str, str], ...]:
    """What keeps TradingView from calling this address, as pairs of detail and next step."""
    address = parse_address(url)
    if address is None:
        return (("it is no http or https address", "Write it as https://alerts.example.org."),)
    parts = urlsplit(url.strip())
    faults: list[tuple[str, str]] = []
    if not address.encrypted:
        faults.append(
            (
                "it is plain http: the token in it can be read on the way",
                "Put TLS in front (docs/expose.md) and write the address with https.",
            )
        )
    if address.port not in PORTS.values():
        faults.append(
            (
                f"TradingView refuses port {address.port}: it calls ports 80 and 443 only",
                "Let the proxy or tunnel listen on 443 and leave the port out of the address.",
            )
        )
    if parts.username is not None or parts.query or parts.fragment:
        faults.append(("it has a user name, a query or a fragment", "Write scheme, name and path only."))
    faults += _host_faults(address.host)
    return tuple(faults)


def _host_faults(host: str) -> list[tuple[str, str]]:
    try:
        address = ip_address(host)
    except ValueError:
        if "." in host.rstrip("."):
            return []
        return [(f"{host} is a name of this network only", "Use a name that the internet's DNS knows.")]
    if not isinstance(address, IPv4Address):
        return [
            ("TradingView does not call IPv6 addresses", "Use a name with an A record, or an IPv4 address.")
        ]
    return [] if address.is_global else [(f"{host} cannot be reached from outside", "Use a public address.")]


def is_private(address: str) -> bool:
    """True when the internet cannot reach this IPv4 address."""
    return not ip_address(address).is_global
