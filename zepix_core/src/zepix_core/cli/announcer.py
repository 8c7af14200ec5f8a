"""Tells the person at the terminal where the host listens, once it does."""

import click

from zepix_core.config.secrets import Secret
from zepix_core.web.view import HostView


class Announcer:
    """A face that prints the addresses when the host is ready.

    Args:
        token: The webhook's token, part of the address.
        public_url: The address TradingView calls, ``""`` when there is none yet.
    """

    name = "announcer"
    port = None

    def __init__(self, token: Secret, public_url: str) -> None:
        self._token, self._public = token, public_url.rstrip("/")
        self._host: HostView | None = None

    async def start(self, host: HostView) -> None:
        """Remember whom to ask."""
        self._host = host

    def announce(self, ready: bool) -> None:
        """Print the addresses, or that alerts are not taken any more."""
        if self._host is None or not ready:
            return
        state = self._host.state()
        click.echo(f"Zepix {state.version} is ready: {state.broker} broker, home {self._host.home.path}")
        click.echo(f"Webhook: http://127.0.0.1:{state.webhook_port}/webhook/{self._token.reveal()}")
        if self._public:
            click.echo(f"Public:  {self._public}/webhook/{self._token.reveal()}")
        click.echo(f"API:     http://127.0.0.1:{state.api_port}/api")
        running = [
            row.id for row in self._host.plugin_rows() if row.state in ("active", "loaded", "degraded")
        ]
        click.echo(f"Plugins: {', '.join(running) or 'none runs, see `zepix plugins list`'}")
        if state.paused or state.panic:
            click.echo("Entries are stopped; `zepix resume` lets them through again.")

    async def stop(self) -> None:
        """Nothing to close."""
