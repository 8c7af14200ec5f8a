"""The running host as commands reach it: ports from ``data/ports.json``, the token from ``.env``."""

import getpass
import http.client
import json
from collections.abc import Mapping
from typing import Any

import attrs
import click

from zepix_core.cli.earlier import RESTART, status_note, version_note, whole_status
from zepix_core.config.home import Home
from zepix_core.config.secrets import API_TOKEN, WEBHOOK_TOKEN, Secret, environment
from zepix_core.errors import HostUnreachable, UsageError, ZepixError

LOOPBACK = "127.0.0.1"
SECONDS = 30.0
PROBE_SECONDS = 5.0


class Refused(ZepixError):
    """The host understood and said no."""

    exit_code = 1


class NotFound(Refused):
    """The host knows no such thing."""


@attrs.frozen(kw_only=True)
class Ports:
    """Where the running host listens."""

    webhook: int
    api: int
    pid: int = 0


def read_ports(home: Home) -> Ports | None:
    """What the host wrote last, ``None`` when there is nothing usable."""
    try:
        told = json.loads(home.ports_file.read_text(encoding="utf-8"))
        return Ports(webhook=int(told["webhook"]), api=int(told["api"]), pid=int(told.get("pid", 0)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


class HostClient:
    """Talks to a running host."""

    def __init__(self, ports: Ports, variables: Mapping[str, Secret]) -> None:
        self.ports = ports
        self._variables = variables

    def get(self, path: str) -> Any:
        """The JSON answer of ``GET /api/<path>``.

        Raises:
            HostUnreachable: Nobody answers, or not to our token.
            Refused: The host said no.
        """
        return self._ask("GET", path, None)

    def status(self) -> tuple[dict[str, Any], str]:
        """How the host stands, complete whatever its version, and a sentence when that is not this one's
        (errors as `get`)."""
        told = self.get("status")
        return whole_status(told), status_note(told)

    def post(self, path: str, data: Mapping[str, Any] | None = None) -> Any:
        """The JSON answer of ``POST /api/<path>`` (errors as `get`)."""
        return self._ask("POST", path, json.dumps(data or {}).encode())

    def send_alert(self, body: bytes) -> tuple[int, str]:
        """Post a body to the webhook: status and text of the answer.

        Raises:
            HostUnreachable: The webhook does not answer, or there is no token to show.
        """
        token = self._variables.get(WEBHOOK_TOKEN)
        if not token:
            raise HostUnreachable(
                f"{WEBHOOK_TOKEN} is not set.", "Set it as the host has it, or run on the host's home."
            )
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        return request(self.ports.webhook, "POST", f"/webhook/{token.reveal()}", body, headers)

    def _ask(self, method: str, path: str, body: bytes | None) -> Any:
        token = self._variables.get(API_TOKEN, Secret(""))
        headers = {
            "Authorization": f"Bearer {token.reveal()}",
            "Content-Type": "application/json",
            "X-Zepix-Actor": who(),
        }
        status, text = request(self.ports.api, method, f"/api/{path}", body, headers)
        return _understood(status, text)


def request(
    port: int,
    method: str,
    path: str,
    body: bytes | None,
    headers: Mapping[str, str],
    seconds: float = SECONDS,
) -> tuple[int, str]:
    """One HTTP request to this machine.

    Raises:
        HostUnreachable: Nobody answers.
    """
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=seconds)
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        raise HostUnreachable(
            f"The host does not answer on port {port}: {error or type(error).__name__}.",
            "Start it with `zepix run`, or look at `zepix logs`.",
        ) from error
    finally:
        connection.close()


def find_host(home: Home) -> HostClient | None:
    """The running host of this home, ``None`` when it is stopped. One of another version is told about on
    standard error: what a command makes of its answers may be wrong.

    Raises:
        SettingsError: ``.env`` cannot be used.
    """
    ports = read_ports(home)
    if ports is None or not ports.api:
        return None
    try:
        _, text = request(ports.api, "GET", "/api/health", None, {}, PROBE_SECONDS)
        version = str(json.loads(text)["version"])
    except (HostUnreachable, ValueError, TypeError, KeyError):
        return None
    if note := version_note(version):
        click.echo(f"{note} {RESTART}", err=True)
    return HostClient(ports, environment(home.env))


def need_host(home: Home) -> HostClient:
    """The running host.

    Raises:
        HostUnreachable: None runs on this home.
    """
    client = find_host(home)
    if client is None:
        raise HostUnreachable(f"No host runs on {home.path}.", "Start it with `zepix run`.")
    return client


def _understood(status: int, text: str) -> Any:
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    if status < 300 and answer is not None:
        return answer
    told = answer.get("error", {}) if isinstance(answer, dict) else {}
    message = str(told.get("message") or f"The host answered {status}.")
    hint = str(told.get("hint") or "")
    if status in (401, 403, 429):
        raise HostUnreachable(f"The host does not let this command in: {message}", hint)
    if status == 422:
        raise UsageError(message, hint)
    if status >= 500 and status != 503:
        raise ZepixError(message, hint)
    raise (NotFound if status == 404 else Refused)(message, hint)


def who() -> str:
    """The name of the user who runs this command, ``""`` when nobody knows it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
