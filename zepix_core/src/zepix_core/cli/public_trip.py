"""The round trip of ``zepix doctor --public``: from here out to the public address and back to this host.

Nothing it sends can become an alert: one request has a token nobody has, the other a body that is too large
to be read and would be refused as a template if it were.
"""

import contextlib
import http.client
import secrets
import socket
import ssl
from collections.abc import Callable, Iterator

import attrs

from zepix_core.cli.finding import BAD, OK, WARN, Finding
from zepix_core.cli.public_address import NAME, Address, address_faults, is_private, parse_address
from zepix_core.cli.public_answers import (
    ALERT,
    HEALTH,
    WRONG_TOKEN,
    Came,
    Expected,
    judge_alert_route,
    judge_health,
    judge_wrong_token,
    read_body,
    tls_failure,
)
from zepix_core.clock import Clock
from zepix_core.config.secrets import Secret
from zepix_core.model.host import PROBE_MARK

RESOLVES, CONNECTS, ENCRYPTS = "public name", "public connection", "public TLS"
HARMLESS = b"{{zepix doctor}}"
MOST_BYTES = 65_536
GIVE_UP_SECONDS = 10.0


def _resolve(host: str) -> tuple[str, ...]:
    found = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[4][0]) for address in found))


def _connect(address: str, port: int, seconds: float) -> socket.socket:
    return socket.create_connection((address, port), timeout=seconds)


@attrs.frozen(kw_only=True)
class Road:
    """How requests leave this machine.

    Attributes:
        resolve: IPv4 addresses of a name; raises `OSError`.
        connect: A connected socket; raises `OSError`.
        context: What a certificate is checked against.
    """

    resolve: Callable[[str], tuple[str, ...]] = _resolve
    connect: Callable[[str, int, float], socket.socket] = _connect
    context: Callable[[], ssl.SSLContext] = ssl.create_default_context


class RoundTrip:
    """One visit to the public address.

    Args:
        url: ``web.public_url``.
        token: The webhook's token; it leaves only towards this very host, and never readable.
        too_large: Bytes that are more than this host reads of a body.
    """

    def __init__(
        self, url: str, token: Secret, too_large: int, expected: Expected, clock: Clock, road: Road
    ) -> None:
        self._url, self._token, self._too_large = url, token, too_large
        self._expected, self._clock, self._road = expected, clock, road

    def findings(self) -> Iterator[Finding]:
        """Every check in order; what the first failure makes pointless is left out."""
        if not self._url:
            yield Finding(NAME, BAD, "none is set", "Set web.public_url in zepix.toml; `zepix url` says how.")
            return
        faults = address_faults(self._url)
        for detail, then in faults:
            yield Finding(NAME, BAD, detail, then)
        if not faults:
            yield Finding(NAME, OK, self._url)
        address = parse_address(self._url)
        if address is not None:
            yield from self._visit(address)

    def _visit(self, address: Address) -> Iterator[Finding]:
        try:
            found = self._road.resolve(address.host)
        except OSError as error:
            yield Finding(
                RESOLVES,
                BAD,
                f"{address.host} has no IPv4 address: {error.strerror or error}",
                "Give the name an A record, and wait until it is known; TradingView does not call IPv6.",
            )
            return
        yield _resolved(address.host, found)
        at = found[0]
        reached = [*self._reach(address, at)]
        yield from reached
        if all(finding.ok for finding in reached):
            yield from self._ask_all(address, at)

    def _reach(self, address: Address, at: str) -> Iterator[Finding]:
        try:
            line = self._road.connect(at, address.port, GIVE_UP_SECONDS)
        except OSError as error:
            yield Finding(CONNECTS, BAD, *_connection_failure(error, at, address.port))
            return
        with line:
            yield Finding(CONNECTS, OK, f"{at} port {address.port}")
            if not address.encrypted:
                return
            try:
                self._wrap(line, address).close()
            except ssl.SSLError as error:
                yield Finding(ENCRYPTS, BAD, *tls_failure(error))
            except OSError as error:
                yield Finding(
                    ENCRYPTS, BAD, f"the handshake was cut off: {error}", "Look into the proxy's log."
                )
            else:
                yield Finding(ENCRYPTS, OK, "the certificate is valid")

    def _ask_all(self, address: Address, at: str) -> Iterator[Finding]:
        health = self._judged(HEALTH, address, at, "GET", "/health", None, judge_health)
        yield health
        wrong = f"/webhook/{PROBE_MARK}{secrets.token_hex(8)}"
        yield self._judged(WRONG_TOKEN, address, at, "POST", wrong, HARMLESS, judge_wrong_token)
        if not health.ok:
            return
        if not (address.encrypted or is_loopback(at)):
            yield Finding(ALERT, WARN, "not tried: the token would be readable on the way", "Use https.")
            return
        if self._expected.guarded:
            yield Finding(
                ALERT,
                WARN,
                "not tried: the settings let in listed senders only, and this machine is none",
                "Send a test alert from TradingView and look at `zepix alerts list`.",
            )
            return
        right = f"/webhook/{self._token.reveal()}"
        body = HARMLESS.ljust(self._too_large)
        yield self._judged(ALERT, address, at, "POST", right, body, judge_alert_route)

    def _judged(
        self,
        name: str,
        address: Address,
        at: str,
        method: str,
        path: str,
        body: bytes | None,
        judge: Callable[[Came, Expected], Finding],
    ) -> Finding:
        try:
            came = self._ask(address, at, method, path, body)
        except ssl.SSLError as error:
            return Finding(name, BAD, *tls_failure(error))
        except TimeoutError:
            return Finding(
                name,
                BAD,
                f"no answer within {GIVE_UP_SECONDS:g} s; TradingView waits {self._expected.patience:g} s",
                "Look into the proxy's or tunnel's log.",
            )
        except (OSError, http.client.HTTPException) as error:
            return Finding(
                name,
                BAD,
                f"what answers does not speak HTTP: {error or type(error).__name__}",
                "Check which program listens there, and the proxy's log.",
            )
        return judge(came, self._expected)

    def _ask(self, address: Address, at: str, method: str, path: str, body: bytes | None) -> Came:
        """One request on a connection of its own, as TradingView makes it."""
        began = self._clock.monotonic()
        connection = http.client.HTTPConnection(address.host, address.port)
        line = self._road.connect(at, address.port, GIVE_UP_SECONDS)
        try:
            connection.sock = self._wrap(line, address) if address.encrypted else line
            headers = {"Host": address.host_header, "Connection": "close", "User-Agent": "zepix-doctor"}
            if body is not None:
                headers["Content-Type"] = "text/plain; charset=utf-8"
            with contextlib.suppress(OSError):
                # One that is refused before it was read may not be taken to its end; the answer counts.
                connection.request(method, address.path + path, body, headers)
            answer = connection.getresponse()
            data = answer.read(MOST_BYTES)
            return Came(
                status=answer.status,
                body=read_body(data),
                seconds=self._clock.monotonic() - began,
                server=answer.getheader("Server", "")[:40],
            )
        finally:
            connection.close()
            line.close()

    def _wrap(self, line: socket.socket, address: Address) -> ssl.SSLSocket:
        return self._road.context().wrap_socket(line, server_hostname=address.host)


def is_loopback(address: str) -> bool:
    """The address is this machine itself."""
    return address.startswith("127.")


def _resolved(host: str, found: tuple[str, ...]) -> Finding:
    listed = ", ".join(found)
    if any(is_private(address) for address in found):
        return Finding(
            RESOLVES,
            WARN,
            f"{host} is {listed} here, which the internet does not reach",
            "Check that the name has a public address outside this network.",
        )
    return Finding(RESOLVES, OK, listed)


def _connection_failure(error: OSError, at: str, port: int) -> tuple[str, str]:
    if isinstance(error, ConnectionRefusedError):
        return (
            f"{at} refuses connections on port {port}",
            "Start the proxy or tunnel, and let it listen there; check the router's port forwarding.",
        )
    if isinstance(error, TimeoutError):
        return (
            f"{at} port {port} does not answer",
            "Open the port in the firewall and forward it in the router. Some networks only fail from "
            "inside: try from a phone as well.",
        )
    return f"{at} port {port}: {error.strerror or error}", "Check the network and the address."
