"""``zepix plugins list``."""

from typing import Any

import click

from zepix_core.cli.options import listing_options
from zepix_core.config.home import Home

COLUMNS = (
    "id", "name", "distribution", "version", "state", "enabled", "shadow_mode", "alerts", "timeframes",
    "reason", "reports",
)  # fmt: skip
DISCOVERED = "discovered"
DISABLED = "disabled"
STOPPED = (DISABLED, "failed", "quarantined")


@click.command()
@listing_options
def command(home: Home, shape: str, everything: bool) -> None:
    """List the plugins with their states.

    Of a stopped host: what is installed, and what its workers said last. All are shown, with or without
    --all.
    """
    from zepix_core.cli import columns
    from zepix_core.cli.client import find_host
    from zepix_core.cli.options import existing
    from zepix_core.cli.output import print_rows

    client = find_host(existing(home))
    rows = client.get("plugins") if client is not None else stopped_rows(home)
    if shape == "table":
        rows = [{**row, "alerts": sorted(row.get("alerts") or ())} for row in rows]
    print_rows(rows, COLUMNS, shape, "No plugin is installed.", columns.PLUGINS)


def stopped_rows(home: Home) -> list[dict[str, Any]]:
    """What is installed, each with what its worker said last; no plugin code is imported.

    Raises:
        SettingsError: ``zepix.lock``, or what was switched off, cannot be read.
    """
    from zepix_core.cli.reports import kept_reports
    from zepix_core.config.plugin_files import remembered
    from zepix_core.plugins.discovery import discover
    from zepix_core.plugins.lockfile import read_lock
    from zepix_core.plugins.states import VERDICTS_FILE, read_verdicts

    known, lock = {row["id"]: row for row in remembered(home)}, read_lock(home.lock_file)
    reports, verdicts = kept_reports(home), read_verdicts(home.data / VERDICTS_FILE)
    rows = []
    for distribution in discover():
        entry = (lock or {}).get(distribution.name)
        # Without a lock the first start lets all that is installed run.
        allowed = lock is None or (entry is not None and entry.enabled)
        for plugin in distribution.plugins:
            told = {key: value for key, value in known.get(plugin.id, {}).items() if key != "config_schema"}
            row = {"id": plugin.id, "name": "", "state": DISCOVERED, "reason": plugin.problem, **told}
            if plugin.id in verdicts.disabled:
                row["state"] = DISABLED
            state = row["state"] if allowed and row["state"] in STOPPED else DISCOVERED
            rows.append(
                {
                    **row,
                    "distribution": distribution.name,
                    "version": distribution.version,
                    "state": state,
                    "enabled": allowed and state == DISCOVERED,
                    "pid": None,
                    "reports": [r for r in reports if r["plugin"] == plugin.id],
                }
            )
    return sorted(rows, key=lambda row: (row.get("priority", 2), row["id"]))
