"""``zepix plugins shadow``."""

from typing import Any

import click

from zepix_core.cli.options import listing_options
from zepix_core.config.home import Home

COLUMNS = (
    "plugin", "symbol", "book", "trades", "wins", "losses", "win_rate", "pips", "money", "commission", "swap",
    "profit_factor", "max_drawdown", "open", "floating", "refused",
)  # fmt: skip


@click.command()
@click.argument("plugin", required=False)
@click.argument("mode", required=False, type=click.Choice(("on", "off")), metavar="[on|off]")
@click.option("--report", is_flag=True, help="Show what the shadow book earned beside the live one.")
@click.option("--since", metavar="DAY", help="First trading day of the report, such as 2026-01-05.")
@click.option("--until", metavar="DAY", help="Last trading day of the report.")
@click.option("--yes", is_flag=True, help="Ask nothing; needed where nobody can be asked.")
@listing_options
def command(
    home: Home,
    shape: str,
    plugin: str | None,
    mode: str | None,
    report: bool,
    since: str | None,
    until: str | None,
    yes: bool,
    everything: bool,
) -> int:
    """Switch a plugin's shadow mode, or report what it would have earned.

    In shadow mode a plugin decides as ever, and its entries fill in a book of their own at the same prices.
    Positions stay in the book they are in. The switch is written into the plugin's settings file. The report
    shows all rows, with or without --all.
    """
    from zepix_core.cli.options import existing
    from zepix_core.errors import UsageError

    existing(home)
    if report == (mode is not None) or (mode is not None and plugin is None):
        raise UsageError("Say what to do: PLUGIN on, PLUGIN off, or --report.", "See --help.")
    if report:
        return _report(home, shape, plugin, since, until)
    if since or until:
        raise UsageError("--since and --until are for --report.")
    return _switch(home, shape, str(plugin), mode == "on", yes)


def _report(home: Home, shape: str, plugin: str | None, since: str | None, until: str | None) -> int:
    from urllib.parse import urlencode

    from zepix_core.cli import columns
    from zepix_core.cli.client import find_host
    from zepix_core.cli.output import print_rows

    client = find_host(home)
    if client is not None:
        asked = {"plugin": plugin, "since": since, "until": until}
        query = urlencode({name: value for name, value in asked.items() if value})
        rows = client.get(f"plugins/shadow?{query}" if query else "plugins/shadow")
    else:
        rows = report_from_files(home, plugin, since, until)
    print_rows(rows, COLUMNS, shape, "Nothing was traded or refused.", columns.BOOKS)
    return 0


def report_from_files(
    home: Home, plugin: str | None, since: str | None, until: str | None
) -> list[dict[str, Any]]:
    """The report of a stopped host: without the present price of what is open."""
    from zepix_core.cli.plugin_names import need_known
    from zepix_core.cli.plugins.list import stopped_rows
    from zepix_core.cli.source import from_file
    from zepix_core.config.files import load_settings
    from zepix_core.journal.comparison import compare, entry_kinds, period
    from zepix_core.journal.listing import open_trades
    from zepix_core.journal.positions import positions_of
    from zepix_core.rules.trading_day import TradingDays

    if plugin is not None:
        need_known(home, plugin)
    settings = load_settings(home).settings
    days = TradingDays.named(settings.daily_reset_time, settings.timezone)
    since_ns, until_ns = period(days, since, until)
    entries = entry_kinds((row["id"], row.get("alerts") or {}) for row in stopped_rows(home))
    rows: list[dict[str, Any]] | None = from_file(
        home.journal_db,
        lambda connection: compare(
            connection,
            positions_of(open_trades(connection)),
            since_ns=since_ns,
            until_ns=until_ns,
            plugins=None if plugin is None else (plugin,),
            entries=entries,
        ),
    )
    return rows or []


def _switch(home: Home, shape: str, plugin: str, on: bool, yes: bool) -> int:
    from zepix_core.cli.client import find_host
    from zepix_core.cli.confirm import confirmed
    from zepix_core.cli.output import print_facts

    if not on and not confirmed(f"Send the entries of {plugin} to the broker from now on?", yes):
        return 1
    client = find_host(home)
    if client is not None:
        told = client.post(f"plugins/{plugin}/shadow", {"shadow_mode": on})
    else:
        told = switch_file(home, plugin, on)
    if shape == "table":
        click.echo(told["told"])
    else:
        print_facts(told, shape)
    return 0


def switch_file(home: Home, plugin: str, on: bool) -> dict[str, Any]:
    """Write it for the next start."""
    import attrs

    from zepix_core.cli.plugin_names import need_known
    from zepix_core.cli.plugin_switch import note
    from zepix_core.cli.source import from_file
    from zepix_core.config.files import load_settings
    from zepix_core.config.plugin_edit import check_host_switch, set_plugin_value
    from zepix_core.journal.listing import open_by_book
    from zepix_core.model.shadow import shadow_switch

    need_known(home, plugin)
    check_host_switch(load_settings(home).settings, plugin, on)
    with home.held():
        note(home, f"plugins/{plugin}/shadow", {"name": plugin, "shadow_mode": on})
        set_plugin_value(home, plugin, "shadow_mode", on)
    live, shadow = from_file(home.journal_db, lambda connection: open_by_book(connection, plugin)) or (0, 0)
    return attrs.asdict(shadow_switch(plugin, on, live, shadow, running=False))
