"""Tells the person at the terminal where the host listens, once it does."""

import click

from zepix_core.config.secrets import Secret
from zepix_core.web.view import HostView

RUNNING = ("active", "loaded", "degraded")


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
        self._told = False

    async def start(self, host: HostView) -> None:
        """Remember whom to ask."""
        self._host = host

    def announce(self, ready: bool) -> None:
        """Print the addresses, or that alerts are not taken any more."""
        if self._host is None:
            return
        if not ready:
            # A host that never became ready stops, too: the first word comes from whoever found out why.
            if self._told:
                self._told = False
                click.echo("Stopping; open positions keep their stops.")
            return
        self._told = True
        state = self._host.state()
        if not state.ready:
            click.echo(f"Zepix {state.version} is in safe mode: {state.storage}", err=True)
            click.echo("No alert is taken and nothing opens; positions keep their stops and can be closed.")
            return
        click.echo(f"Zepix {state.version} is ready: {state.broker} broker, home {self._host.home.path}")
        click.echo(f"Webhook: http://127.0.0.1:{state.webhook_port}/webhook/{self._token.reveal()}")
        if self._public:
            click.echo(f"Public:  {self._public}/webhook/{self._token.reveal()}")
        click.echo(f"API:     http://127.0.0.1:{state.api_port}/api")
        rows = self._host.plugin_rows()
        running = [row.id for row in rows if row.state in RUNNING]
        click.echo(f"Plugins: {', '.join(running) or 'none runs, see `zepix plugins list`'}")
        waiting = sorted({row.distribution for row in rows if not row.enabled and row.state == "discovered"})
        for name in waiting:
            ids = ", ".join(row.id for row in rows if row.distribution == name)
            click.echo(f"         {ids} waits for you: `zepix plugins enable {name}` lets it run")
        if state.paused or state.panic:
            click.echo("Entries are stopped; `zepix resume` lets them through again.")

    async def stop(self) -> None:
        """Nothing to close."""
