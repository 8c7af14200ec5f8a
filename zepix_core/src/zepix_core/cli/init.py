"""``zepix init``."""

import click

from zepix_core.cli.confirm import confirmed
from zepix_core.cli.options import home_option
from zepix_core.config.home import Home
from zepix_core.config.settings import PROFILES

WEAK = (
    "Warning: a webhook token of {count} characters can be guessed, and who guesses it can send alerts. "
    "Use 16 or more, or leave --webhook-token out; a live account refuses to start with this one."
)


@click.command()
@click.option("--webhook-token", help="Token of the webhook's address; else a random one is made.")
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    default=None,
    help="Settings to start with: default, or bench for measuring.",
)
@click.option(
    "--yes", is_flag=True, help="Replace settings without asking; needed where nobody can be asked."
)
@home_option
def command(home: Home, webhook_token: str | None, profile: str | None, yes: bool) -> int:
    """Create a home folder with settings and tokens.

    What is there stays, except the settings file when --profile asks for another one.
    """
    from zepix_core.cli.options import refuse_while_live
    from zepix_core.config.profiles import prepare, write_settings
    from zepix_core.config.secrets import Secret, check_token, is_weak

    if webhook_token is not None:
        check_token(webhook_token)
    fresh = prepare(home, profile or "default", webhook_token)
    if not fresh and profile is not None:
        refuse_while_live(home, profile)
        if not confirmed(f"Replace {home.settings_file} with the profile {profile}?", yes):
            return 1
        write_settings(home, profile)
        fresh = True
    if webhook_token is not None and is_weak(Secret(webhook_token)):
        click.echo(WEAK.format(count=len(webhook_token)), err=True)
    click.echo(f"Home:     {home.path}")
    click.echo(f"Settings: {home.settings_file}{'' if fresh else ' (kept)'}")
    click.echo(f"Secrets:  {home.env}")
    click.echo("Next: `zepix run`, then `zepix url`.")
    return 0
