"""Whether the host's ports can be taken."""

import socket
import sys

from zepix_core.config.settings import HostSettings
from zepix_core.errors import SettingsError

LOOPBACK = "127.0.0.1"


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether nobody listens there; 0 is any free port. An address that is not ours is left to the start."""
    if port == 0:
        return True
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if sys.platform != "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def refuse_both_taken(settings: HostSettings) -> None:
    """Tell of two taken ports at once; one alone is told by what wants to listen there.

    Raises:
        SettingsError: Neither the webhook's nor the API's port can be used.
    """
    webhook, api = settings.webhook, settings.api
    if is_free(webhook.port, LOOPBACK if ":" in webhook.host else webhook.host) or is_free(api.port):
        return
    raise SettingsError(
        "Both ports are taken:",
        "Stop the programs that use them, or choose others: --port and --api-port (0 takes a free one).",
        (
            f"webhook.port: cannot listen on {webhook.host} port {webhook.port}",
            f"api.port: cannot listen on {LOOPBACK} port {api.port}",
        ),
    )
