"""``zepix status``."""

from typing import Any

import click

from zepix_core.cli.options import format_option, home_option
from zepix_core.config.home import Home

NOT_REACHABLE = 3
ACCOUNT = "account"


@click.command()
@home_option
@format_option
def command(home: Home, shape: str) -> int:
    """Show how the host stands.

    Ends with 0 when it takes alerts, 1 when it runs but does not, 3 when none runs.
    """
    from zepix_core import __version__
    from zepix_core.cli.client import find_host
    from zepix_core.cli.earlier import RESTART
    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_facts

    client = find_host(existing(home))
    if client is None:
        print_facts({"state": "stopped", "home": str(home.path)}, shape)
        return NOT_REACHABLE
    told, note = client.status()
    told["state"] = "running" if told["ready"] else "not ready"
    print_facts(told if shape != "table" else _facts(told), shape)
    if note and told["version"] == __version__:
        click.echo(f"{note} {RESTART}", err=True)
    return 0 if told["ready"] else 1


def _facts(told: dict[str, Any]) -> dict[str, Any]:
    from zepix_core.cli.channels import NOWHERE, channel_line
    from zepix_core.cli.reports import full_line
    from zepix_core.cli.storage import storage_next, storage_state

    plugins = [
        f"{row['id']} {row['state']}{' (shadow)' if row['shadow_mode'] else ''}{_unattended(row, told)}"
        for row in told["plugins"]
    ]
    return {
        "state": told["state"],
        **({"reason": told["reason"]} if told["reason"] else {}),
        "entries": _entries(told),
        "version": told["version"],
        "home": told["home"],
        "profile": told["profile"],
        "process": told["pid"],
        "uptime": age(told["uptime_seconds"]),
        "webhook port": told["webhook_port"],
        "API port": told["api_port"],
        "broker": f"{told['broker']}, {'connected' if told['broker_connected'] else 'not connected'}",
        "storage": storage_state(told),
        **({"what to do": next_step} if (next_step := storage_next(told)) else {}),
        "notices": [channel_line(row) for row in told["channels"]] or NOWHERE,
        "alerts waiting": told["waiting"],
        "open trades": f"{told['open_trades']} ({told['open_positions']} positions)",
        **({"shadow positions": told["shadow_positions"]} if told["shadow_positions"] else {}),
        "profit today": told["today_pnl"],
        "profit in all": told["total_pnl"],
        "by plugin": [_figures(name, one) for name, one in told["figures"].items()],
        "plugins": plugins,
        **({"reports": "; ".join(map(full_line, told["reports"]))} if told["reports"] else {}),
    }


def _unattended(row: dict[str, Any], told: dict[str, Any]) -> str:
    """What a plugin that is switched off left open: nobody handles its exits."""
    count = told["figures"].get(row["id"], {}).get("open_positions", 0)
    return f" ({count} open, exits not handled)" if count and not row.get("enabled", True) else ""


def _entries(told: dict[str, Any]) -> str:
    """Whether entries go through; if not why, until when, and what lets them through again."""
    from zepix_core.cli.storage import storage_stops

    stops = [f"{told['why']}: zepix resume"] if told["paused"] else []
    stops += storage_stops(told)
    stops += [_limit(row) for row in told["limits"] if row["scope"] == ACCOUNT]
    if told["closing"]:
        stops.append("positions are still being closed")
    parts = [_limit(row) for row in told["limits"] if row["scope"] != ACCOUNT]
    parts += [
        f"{row['plugin']} on {row['symbol']}, a person must look: zepix reconcile" for row in told["held"]
    ]
    if stops:
        return f"stopped: {'; '.join(stops + parts)}"
    return f"allowed, except {'; '.join(parts)}" if parts else "allowed"


def _limit(row: dict[str, Any]) -> str:
    until = row["until"] or "a person lifts it"
    used = f"{row['loss']:.2f} of {row['limit']:g}"
    return f"{row['scope']} {row['which']} loss limit, {used}, until {until}: {row['lift']}"


def _figures(name: str, one: dict[str, Any]) -> str:
    return f"{name} {one['open_trades']} open, {one['today_pnl']:.2f} today, {one['total_pnl']:.2f} in all"


def age(seconds: float) -> str:
    """A duration as ``3d 4h``, ``2h 5m``, ``4m 10s`` or ``9s``."""
    whole = int(seconds)
    days, hours, minutes = whole // 86_400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days}d {hours}h"
    if hours:
        return f"{hours}h {minutes}m"
    return f"{minutes}m {whole % 60}s" if minutes else f"{whole}s"
