"""``zepix run``."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zepix_core.cli.options import home_option
from zepix_core.config.home import Home

if TYPE_CHECKING:
    from zepix_core.config.files import Loaded

PORT = click.IntRange(0, 65535)
LOOPBACK = ("127.0.0.1", "localhost", "::1")
FAULTS = "ZEPIX_PAPER_FAULTS"
SWITCH_SECONDS = 0.0005
ADDRESS_CHANGED = (
    "Warning: .env held no webhook token, so a new one was made. The address changed: TradingView's alerts "
    "get 404 until you paste the one `zepix url` prints, or put the old token back into .env."
)


@click.command()
@click.option("--port", type=PORT, help="Port of the webhook; 0 takes any free one.")
@click.option("--api-port", type=PORT, help="Port of the REST API; 0 takes any free one.")
@click.option("--demo", is_flag=True, help="Play sample alerts, show their stories, then go on listening.")
@click.option("--safe", is_flag=True, help="Let no entry through in this run; exits go on.")
@click.option("--inline", is_flag=True, help="Everything in one process, for debugging.")
@click.option("--supervised", is_flag=True, help="Start again after a crash.")
@click.option(
    "--behind-proxy", is_flag=True, help="A proxy with TLS stands in front: listen beyond this machine."
)
@click.option(
    "--plugin-dev",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Source folder of a plugin distribution to run in place.",
)
@click.option("--trace-hooks", is_flag=True, help="Log every hook call.")
@home_option
def command(home: Home, supervised: bool, **options: Any) -> int:
    """Run the host: take alerts, ask plugins, place orders.

    In an empty home everything needed is created: paper broker, synthetic prices, a random token. Ctrl-C ends
    it in order; a second one at once.
    """
    if supervised:
        from zepix_core.cli.supervise import child_arguments, supervise

        return supervise(child_arguments(home.path, options))
    return run_host(home, **options)


def run_host(
    home: Home,
    port: int | None = None,
    api_port: int | None = None,
    demo: bool = False,
    safe: bool = False,
    inline: bool = False,
    behind_proxy: bool = False,
    plugin_dev: Path | None = None,
    trace_hooks: bool = False,
) -> int:
    """Run until told to stop; the exit code.

    Raises:
        SettingsError: The home, the settings or a port cannot be used.
    """
    from zepix_core import event_loop
    from zepix_core.cli.ports import refuse_both_taken
    from zepix_core.clock import SystemClock
    from zepix_core.config.profiles import prepare, token_lost
    from zepix_core.errors import DatabaseDamaged
    from zepix_core.host import Host
    from zepix_core.journal.opening import cure
    from zepix_core.model.host import HostOptions
    from zepix_core.safe_host import SafeHost

    home.create()
    lost = token_lost(home)
    prepare(home)
    if lost:
        click.echo(ADDRESS_CHANGED, err=True)
    loaded = _loaded(home, _overrides(port, api_port, demo), strays=plugin_dev is None)
    _check(loaded, behind_proxy)
    _check_account(loaded, demo, inline)
    _quiet_core_dumps()
    with home.held():
        refuse_both_taken(loaded.settings)
        _log(home, loaded, demo)
        options = HostOptions(
            inline=inline,
            safe=safe,
            plugin_dev=str(plugin_dev.absolute()) if plugin_dev is not None else None,
            trace_hooks=trace_hooks,
        )
        # A thread that has committed must not wait for the interpreter as long as the default 5 ms.
        sys.setswitchinterval(SWITCH_SECONDS)
        clock, settings = SystemClock(), loaded.settings
        try:
            host = Host(home, settings, clock=clock, options=options, faces=_faces(loaded, demo))
            result = event_loop.run(host.run())
        except DatabaseDamaged as error:
            damage = DatabaseDamaged(error.message, cure(home.journal_db, home.backups))
            rest = SafeHost(home, settings, damage, clock=clock, faces=_faces(loaded, demo=False))
            result = event_loop.run(rest.run())
    return result if isinstance(result, int) else 0


def _loaded(home: Home, overrides: dict[str, Any], strays: bool) -> "Loaded":
    """The settings; a refused start names the plugins' mistakes, too, and any other start warns of them.

    Raises:
        SettingsError: The host's own file has mistakes: a plugin's stop that plugin alone.
    """
    from zepix_core.cli.settings_check import check_settings
    from zepix_core.config.files import settings_fault

    checked = check_settings(home, overrides, strays)
    if checked.host or checked.loaded is None:
        raise settings_fault((*checked.host, *checked.plugins))
    for fault in checked.plugins:
        click.echo(f"Warning: {fault}", err=True)
    return checked.loaded


def _overrides(port: int | None, api_port: int | None, demo: bool) -> dict[str, Any]:
    given = (("webhook", port), ("api", api_port))
    overrides: dict[str, Any] = {section: {"port": value} for section, value in given if value is not None}
    if demo:
        # The demo shows the same stories on a Sunday.
        overrides["paper"] = {"market_always_open": True}
    return overrides


def _check(loaded: "Loaded", behind_proxy: bool) -> None:
    from zepix_core.config.secrets import WEBHOOK_TOKEN, check_token, is_weak
    from zepix_core.errors import SettingsError

    settings = loaded.settings
    token = loaded.variables[WEBHOOK_TOKEN]
    check_token(token.reveal())
    if is_weak(token) and settings.live:
        raise SettingsError(
            "The webhook token is too short for a live account.",
            "Use `zepix init --webhook-token` with 16 or more.",
        )
    if settings.webhook.host not in LOOPBACK and not behind_proxy:
        raise SettingsError(
            f"webhook.host is {settings.webhook.host}, and alerts would come in without TLS.",
            "Listen on 127.0.0.1, or put a TLS proxy in front and add --behind-proxy.",
        )
    if settings.live and os.environ.get(FAULTS):
        raise SettingsError(f"{FAULTS} is set, and the settings say live = true.", f"Unset {FAULTS}.")
    for warning in loaded.warnings:
        click.echo(f"Warning: {warning}", err=True)


def _check_account(loaded: "Loaded", demo: bool, inline: bool) -> None:
    """What belongs to the paper account does not meet another one."""
    from zepix_core.errors import UsageError

    if loaded.settings.broker == "paper":
        return
    if demo:
        raise UsageError(
            "--demo plays sample alerts, and they would be traded at your broker's account.",
            "Try it in a home with broker = paper: zepix run --demo --home FOLDER.",
        )
    if inline and loaded.settings.live:
        raise UsageError(
            "--inline is for debugging: a terminal that hangs would hold the host, with real money at stake.",
            "Leave --inline out.",
        )


def _log(home: Home, loaded: "Loaded", demo: bool) -> None:
    from zepix_core.config.secrets import API_TOKEN, WEBHOOK_TOKEN, read_env
    from zepix_core.logs import configure_host, keep_secret

    secrets = dict(read_env(home.env))
    secrets.update({name: loaded.variables[name] for name in (WEBHOOK_TOKEN, API_TOKEN)})
    if loaded.settings.mt5_password:
        secrets["mt5_password"] = loaded.settings.mt5_password
    for secret in secrets.values():
        keep_secret(secret.reveal())
    # In the demo the console belongs to the stories; the file keeps all.
    configure_host("INFO", home.log_file, console_level="WARNING" if demo else None)


def _faces(loaded: "Loaded", demo: bool) -> tuple[Any, ...]:
    from zepix_core.cli.announcer import Announcer
    from zepix_core.config.secrets import API_TOKEN, WEBHOOK_TOKEN, token_hash
    from zepix_core.web.api import ApiServer
    from zepix_core.web.webhook_face import WebhookFace

    settings, variables = loaded.settings, loaded.variables
    token = variables[WEBHOOK_TOKEN]
    faces: list[Any] = [
        WebhookFace(settings.webhook, {"main": token}),
        ApiServer(settings.api.port, token_hash(variables[API_TOKEN].reveal())),
        Announcer(token, settings.web.public_url),
    ]
    if demo:
        from zepix_core.cli.demo import DemoFace

        faces.append(DemoFace(token))
    return tuple(faces)


def _quiet_core_dumps() -> None:
    """A core dump would hold every secret."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
