"""``/metrics``: a handful of numbers in the text form that collectors read."""

from collections.abc import Iterable, Mapping, Sequence

from litestar import MediaType, get
from litestar.datastructures import State

from zepix_core.journal.money import counts
from zepix_core.plugins.implementation import HookMetrics
from zepix_core.web.rest.answers import host_of


@get("/metrics", media_type=MediaType.TEXT)
async def metrics(state: State) -> str:
    """Counters of the journal and the state of the host."""
    host = host_of(state)
    now = host.state()
    found = await host.journal.read(counts)
    lines = [
        *_family("zepix_up", "gauge", "1 when alerts can be taken", {"": float(now.ready)}),
        *_family("zepix_uptime_seconds", "gauge", "Seconds since the start", {"": now.uptime_seconds}),
        *_family(
            "zepix_broker_connected", "gauge", "1 when the broker answers", {"": float(now.broker_connected)}
        ),
        *_family("zepix_alerts", "gauge", "Alerts by state", found.alerts, "state"),
        *_family("zepix_orders", "gauge", "Intents by state", found.orders, "state"),
        *_family("zepix_deals", "counter", "Deals seen", {"": float(found.deals)}),
        *_family(
            "zepix_plugin_active",
            "gauge",
            "1 when the plugin takes alerts",
            {row.id: float(row.state == "active") for row in host.plugin_rows()},
            "plugin",
        ),
        *_hooks(host.hook_metrics()),
    ]
    return "\n".join(lines) + "\n"


def _hooks(rows: Sequence[HookMetrics]) -> Iterable[str]:
    families = (
        ("zepix_hook_calls", "Hook calls", "calls"),
        ("zepix_hook_errors", "Hook calls that raised", "errors"),
        ("zepix_hook_seconds", "Seconds in hook calls, waiting included", "seconds"),
    )
    for name, text, field in families:
        yield f"# HELP {name} {text}"
        yield f"# TYPE {name} counter"
        for row in rows:
            yield f'{name}{{plugin="{row.plugin}",hook="{row.hook}"}} {getattr(row, field):g}'


def _family(name: str, kind: str, text: str, values: Mapping[str, float], label: str = "") -> Iterable[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
    for key, value in values.items():
        mark = f'{{{label}="{key}"}}' if label else ""
        yield f"{name}{mark} {value:g}"
