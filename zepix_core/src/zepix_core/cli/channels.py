"""The ways to people as people read them: in ``zepix status`` and as checks of ``zepix doctor``."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from zepix_core.cli.finding import BAD, OK, WARN, Finding
from zepix_core.clock import iso
from zepix_core.config.files import Loaded
from zepix_core.config.home import Home
from zepix_core.config.notify import WEBHOOK, OutgoingWebhook

NAME = "notices"
NOWHERE = "they stay on this machine: no channel is set"
SET_ONE = "Set notify.webhook.url, and see `zepix notify test`."
LISTED = "See `zepix notices list`, and `zepix notify test`."
RESULTS = {"fine": OK, "stopped": OK, "retrying": WARN, "refusing": BAD, "off": BAD}


def channel_line(row: Mapping[str, Any]) -> str:
    """One channel in a line, the trouble first."""
    parts = {
        "retrying": f"does not take them since {row['failing_since']}: {row['error']}",
        "refusing": f"refused the last one: {row['last_failure']}",
        "off": f"is off until the next start: {row['error'] or 'see `zepix logs`'}",
    }
    state = parts.get(row["state"], "")
    counts = [f"{row['sent']} sent"]
    counts += [f"{row[name]} {name}" for name in ("waiting", "failed", "dropped") if row[name]]
    since = f" since {row['oldest']}" if row["waiting"] else ""
    counted = ", ".join(counts).replace("waiting", f"waiting{since}")
    return f"{row['where']}: {f'{state}; ' if state else ''}{counted}"


def channel_findings(rows: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """How each channel stands."""
    for row in rows:
        result = RESULTS.get(row["state"], WARN)
        if result == OK and row["failed"]:
            result = WARN
        yield Finding(
            f"{NAME} to {row['channel']}", result, channel_line(row), "" if result == OK else LISTED
        )


def setting_findings(loaded: Loaded) -> Iterator[Finding]:
    """Whether notices leave this machine at all, and whether their way is open now."""
    settings, raw = loaded.settings.notify, loaded.document.raw
    endpoint = settings.webhook.endpoint
    if endpoint is None:
        if loaded.settings.live and not settings.no_channel_confirmed:
            detail = f"{NOWHERE}; the host does not start on a real account"
            hint = f"{SET_ONE} Or confirm it with notify.no_channel_confirmed = true."
            yield Finding(NAME, BAD, detail, hint)
        else:
            yield Finding(NAME, WARN, NOWHERE, SET_ONE)
        return
    yield _reachable(settings.webhook)
    written = raw.get("notify", {}).get("webhook", {}).get("url", "")
    if "${" not in str(written) and not endpoint.local:
        detail = "stands in the settings, and whoever reads it can write to your channel"
        yield Finding("notice address", WARN, detail, "Put it into .env, and ${ZEPIX_NOTIFY_URL} here.")
    if not endpoint.encrypted and not endpoint.local:
        yield Finding("notice address", WARN, "is plain http: notices can be read on the way", "Use https.")


def stopped_channels(home: Home, loaded: Loaded) -> list[dict[str, Any]]:
    """The channels of a host that does not run, as its journal knows them; in the form of the status."""
    import attrs

    from zepix_core.cli.source import from_file
    from zepix_core.journal import channels
    from zepix_core.model.channel import ChannelRow

    settings = loaded.settings.notify.webhook
    endpoint = settings.endpoint
    if endpoint is None:
        return []
    counted = from_file(home.journal_db, partial(channels.counts, channel=WEBHOOK))
    waits = from_file(home.journal_db, partial(channels.behind, channel=WEBHOOK, least=settings.least))
    if counted is None or waits is None:
        return []
    number, oldest = waits
    last = counted.pop("last_sent_ns")
    error = counted.pop("last_error")
    row = ChannelRow(
        channel=WEBHOOK, where=endpoint.shown, least=settings.min_priority, state="stopped", waiting=number,
        oldest=iso(oldest) if oldest else None, last_sent=iso(last) if last else None, error=error, **counted,
    )  # fmt: skip
    return [attrs.asdict(row)]


def _reachable(settings: OutgoingWebhook) -> Finding:
    from zepix_core.notify.post import reach

    endpoint = settings.endpoint
    if endpoint is None:
        return Finding(NAME, WARN, NOWHERE, SET_ONE)
    wrong = reach(endpoint)
    if wrong:
        return Finding("notice address", BAD, wrong, "Check the address, the network and the receiver.")
    proof = ", its certificate is valid" if endpoint.encrypted else ""
    return Finding("notice address", OK, f"{endpoint.shown} can be reached{proof}")
