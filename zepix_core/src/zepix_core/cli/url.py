"""``zepix url``."""

import click

from zepix_core.cli.options import format_option, home_option
from zepix_core.config.home import Home

HOW = (
    "This address is for programs on this machine. TradingView only calls ports 80 and 443, so put a tunnel "
    "or a reverse proxy with HTTPS in front of this address. Then write its address into web.public_url of "
    "zepix.toml, and `zepix url` prints what to paste."
)


@click.command()
@home_option
@format_option
def command(home: Home, shape: str) -> None:
    """Print the address that TradingView has to call.

    Without web.public_url it prints the address on this machine, and says what to put in front of it.
    """
    from zepix_core.cli.client import find_host
    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_facts
    from zepix_core.cli.public_address import address_faults
    from zepix_core.config.files import load_settings
    from zepix_core.config.secrets import WEBHOOK_TOKEN
    from zepix_core.errors import SettingsError

    loaded = load_settings(existing(home))
    token = loaded.variables.get(WEBHOOK_TOKEN)
    if not token:
        raise SettingsError("There is no webhook token.", "Make one with `zepix init`.")
    client = find_host(home)
    port = client.ports.webhook if client is not None else loaded.settings.webhook.port
    local = f"http://127.0.0.1:{port}/webhook/{token.reveal()}"
    public = loaded.settings.web.public_url.rstrip("/")
    address = f"{public}/webhook/{token.reveal()}" if public else None
    if shape != "table":
        print_facts({"public": address, "local": local, "running": client is not None}, shape)
    else:
        click.echo(address or local)
        if not address:
            click.echo(HOW, err=True)
    for detail, then in address_faults(public) if public else ():
        click.echo(f"Warning: {detail}. {then}", err=True)
