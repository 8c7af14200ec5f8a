"""What ``zepix doctor`` looks at: one finding a check."""

import contextlib
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from zepix_core.cli.channels import channel_findings, setting_findings, stopped_channels
from zepix_core.cli.client import HostClient, find_host
from zepix_core.cli.db.check import check_files
from zepix_core.cli.earlier import RESTART
from zepix_core.cli.finding import BAD, OK, WARN, Finding
from zepix_core.cli.plugin_names import open_counts, stray_files
from zepix_core.cli.plugins.list import DISCOVERED, stopped_rows
from zepix_core.cli.ports import is_free
from zepix_core.cli.public_address import NAME
from zepix_core.cli.reports import RESULTS
from zepix_core.cli.storage import WRITABLE, storage_next, storage_state
from zepix_core.cli.unfinished import unfinished_findings
from zepix_core.config.document import read_document
from zepix_core.config.files import Loaded, judge
from zepix_core.config.home import Home
from zepix_core.config.plugin_files import plugin_file_faults
from zepix_core.config.secrets import API_TOKEN, WEBHOOK_TOKEN, Secret, environment, is_weak
from zepix_core.errors import SettingsError, ZepixError
from zepix_core.storage.sqlite_version import has_wal_defect

MB = 1024 * 1024
WARN_FREE, BAD_FREE = 200 * MB, 50 * MB


def check_up(home: Home) -> Iterator[Finding]:
    """Every check of this home."""
    yield from _machine(home)
    try:
        variables = environment(home.env)
    except SettingsError as error:
        yield Finding("secrets", BAD, "; ".join((error.message, *error.faults)), error.hint)
        variables = {name: Secret(value) for name, value in os.environ.items()}
    else:
        yield from _secrets(variables)
    path = home.settings_file
    loaded, faults = judge(read_document(path, path.name, variables), variables, {})
    for fault in faults:
        yield Finding("settings", BAD, fault, "Correct it in that file.")
    if not faults:
        yield Finding("settings", OK, path.name)
    plugin_faults = (*plugin_file_faults(home, variables), *stray_files(home))
    for fault in plugin_faults:
        yield Finding("plugin settings", BAD, fault, "Correct it in that file.")
    if not plugin_faults:
        yield Finding("plugin settings", OK)
    for row in check_files(home):
        hint = "" if row["state"] == "ok" else "Keep the file, and restore the newest backup."
        yield Finding(f"database {row['file']}", row["state"], row["detail"], hint)
    try:
        client = find_host(home)
    except ZepixError:
        client = None
    if loaded is not None:
        yield from setting_findings(loaded)
    yield from _running(client) if client is not None else _stopped(home, loaded)
    yield from unfinished_findings(home)
    if loaded is not None and loaded.settings.broker == "mt5":
        from zepix_core.cli.terminal import terminal_findings

        yield from terminal_findings(home, loaded.settings, host_runs=client is not None)
    if loaded is not None and not loaded.settings.web.public_url:
        yield Finding(NAME, WARN, "none is set", "See `zepix url`.")


def _machine(home: Home) -> Iterator[Finding]:
    python = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", OK, python)
    if has_wal_defect():
        avoided = "has the WAL-reset defect, avoided: each file has one writer"
        yield Finding(
            "sqlite",
            OK,
            f"{sqlite3.sqlite_version} {avoided}",
            "Let no other program write the databases while the host runs.",
        )
    else:
        yield Finding("sqlite", OK, sqlite3.sqlite_version)
    for folder in (home.path, home.data, home.logs):
        fine = folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK)
        hint = "" if fine else "Run `zepix init`, and check owner and mode."
        yield Finding(f"folder {folder.name}", OK if fine else BAD, str(folder), hint)
    free = shutil.disk_usage(home.path).free
    result = BAD if free < BAD_FREE else WARN if free < WARN_FREE else OK
    yield Finding("disk", result, f"{free // MB} MB free", "" if result == OK else "Make room.")


def _secrets(variables: dict[str, Secret]) -> Iterator[Finding]:
    for name in (WEBHOOK_TOKEN, API_TOKEN):
        token = variables.get(name)
        if not token:
            yield Finding(f"secret {name}", BAD, "is not set", "Run `zepix init`.")
        elif is_weak(token):
            yield Finding(
                f"secret {name}", WARN, "shorter than 16 characters", "`zepix init` makes strong ones."
            )
        else:
            yield Finding(f"secret {name}", OK)


def _running(client: HostClient) -> Iterator[Finding]:
    try:
        told, note = client.status()
    except ZepixError as error:
        yield Finding("host", BAD, error.message, error.hint)
        return
    result = OK if told["ready"] else BAD
    yield Finding("host", result, f"process {told['pid']}{', ' + told['reason'] if told['reason'] else ''}")
    if note:
        yield Finding("host version", WARN, note, RESTART)
    yield storage_finding(told)
    yield Finding("broker", OK if told["broker_connected"] else BAD, told["broker"])
    yield from channel_findings(told["channels"])
    yield from limit_findings(told.get("limits") or ())
    yield from held_findings(told.get("held") or ())
    for row in told["plugins"]:
        yield running_plugin(row)
        figures = (told.get("figures") or {}).get(row["id"])
        if figures and not row.get("enabled", True):
            yield from unattended_findings(row["id"], figures["open_positions"])
    yield from report_findings(told["reports"])


def _waits(row: Mapping[str, Any]) -> bool:
    return row["state"] == DISCOVERED and not row.get("enabled", True)


def running_plugin(row: Mapping[str, Any]) -> Finding:
    """A plugin of a running host, with the command that lets it run where it waits for one."""
    wrong = row["state"] in ("failed", "quarantined")
    hint = "See `zepix logs`." if wrong else ""
    if row["state"] == "quarantined" or _waits(row):
        hint = f"zepix plugins enable {row['id']}"
    return Finding(
        f"plugin {row['id']}", BAD if wrong else OK, f"{row['state']} {row['reason']}".strip(), hint
    )


def stopped_plugin(row: Mapping[str, Any]) -> Finding:
    """A plugin while no host runs, as `running_plugin`."""
    wrong = row["state"] in ("failed", "quarantined")
    told = row["reason"] if wrong else "is not enabled" if _waits(row) else ""
    hint = f"zepix plugins enable {row['id']}" if _waits(row) or row["state"] == "quarantined" else ""
    detail = f"{row['distribution']} {row['version']} {told}".strip()
    return Finding(f"plugin {row['id']}", BAD if wrong else OK, detail, hint)


def limit_findings(limits: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """Loss limits that stop entries now: until when, and what lifts them."""
    for row in limits:
        until = row["until"] or "a person lifts it"
        text = f"reached, {row['loss']:.2f} of {row['limit']:g}; no entries until {until}"
        yield Finding(f"{row['scope']} {row['which']} loss limit", WARN, text, row["lift"])


def held_findings(held: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """Symbols on which a plugin opens nothing until a person has looked."""
    for row in held:
        text = f"no entries of {row['plugin']} on {row['symbol']}: {row['why']}"
        hint = "Look at `zepix reconcile`, then `zepix resume`."
        yield Finding(f"{row['plugin']} on {row['symbol']}", WARN, text, hint)


def held_in_file(home: Home) -> Iterator[Finding]:
    """`held_findings` of the journal, while no host runs."""
    from zepix_core.cli.source import from_file
    from zepix_core.journal.books import held

    yield from held_findings(from_file(home.journal_db, held) or ())


def unattended_findings(plugin: str, count: int, cure: str = "") -> Iterator[Finding]:
    """Open positions of a plugin that is not asked: nothing handles their exits."""
    if count:
        told = f"{count} open while the plugin is off: its exits are not handled, only stops and targets are"
        hint = f"{cure or f'zepix plugins enable {plugin}'}, or zepix positions close"
        yield Finding(f"positions of {plugin}", WARN, told, hint)


def report_findings(reports: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """What plugins report of themselves, as far as somebody should look at it."""
    for report in reports:
        result = RESULTS[report["level"]]
        if result != OK:
            name = f"{report['plugin']}: {report['name']}"
            yield Finding(name, result, report["text"], report["next"] or "See `zepix logs`.")


def storage_finding(told: Mapping[str, Any]) -> Finding:
    """Whether the host can write its journal, from the answer of ``GET /api/status``."""
    detail = storage_state(told)
    fine = detail == WRITABLE
    return Finding("storage", OK, detail) if fine else Finding("storage", BAD, detail, storage_next(told))


def _stopped(home: Home, loaded: Loaded | None) -> Iterator[Finding]:
    yield Finding("host", WARN, "stopped", "Start it with `zepix run`.")
    if loaded is not None:
        sections = (("webhook", loaded.settings.webhook.port), ("api", loaded.settings.api.port))
        for name, port in sections:
            fine = is_free(port)
            hint = "" if fine else f"Set {name}.port, or stop what uses it."
            yield Finding(f"{name} port", OK if fine else BAD, str(port), hint)
        with contextlib.suppress(SettingsError):  # the row of the database says why
            yield from channel_findings(stopped_channels(home, loaded))
    try:
        rows = stopped_rows(home)
    except SettingsError as error:
        yield Finding("plugins", BAD, error.message, error.hint)
        return
    try:
        held = open_counts(home)
        yield from held_in_file(home)
    except SettingsError:
        held = {}  # the row of the database says why
    if not rows:
        yield Finding("plugins", WARN, "none is installed", "pip install zepix-plugins-v3 zepix-plugins-v6")
    for row in rows:
        yield stopped_plugin(row)
        if not row["enabled"]:
            yield from unattended_findings(row["id"], held.get(row["id"], 0))
        yield from report_findings(row["reports"])
    for plugin in sorted(held.keys() - {row["id"] for row in rows}):
        yield from unattended_findings(plugin, held[plugin], "Install its distribution again")
