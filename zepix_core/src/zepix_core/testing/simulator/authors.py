"""The simulator for authors of plugins: their plugin, their alerts, faults at every step."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Any

from zepix_core.plugin import LogicPlugin
from zepix_core.testing.simulator.acts import SYMBOLS
from zepix_core.testing.simulator.campaign import Tally, campaign
from zepix_core.testing.simulator.cast import Cast, found
from zepix_core.testing.simulator.report import told
from zepix_core.testing.simulator.run import Theatre
from zepix_core.testing.simulator.shrink import shrink

Alerts = Sequence[str] | Callable[[Random, int], str]


def cast_of(
    plugin: type[LogicPlugin],
    alerts: Alerts,
    *,
    plugin_id: str = "simulated",
    symbols: Sequence[str] = SYMBOLS,
    settings: Mapping[str, Any] | None = None,
    plugin_settings: Mapping[str, Any] | None = None,
    once: bool = True,
) -> Cast:
    """A cast of one plugin; arguments as in `simulate`."""
    return Cast(
        distributions=(found(f"zepix-of-{plugin_id}".replace("_", "-"), {plugin_id: plugin}),),
        compose=alerts if callable(alerts) else _choose(tuple(alerts)),
        symbols=tuple(symbols),
        settings=settings or {},
        plugin_settings={plugin_id: plugin_settings} if plugin_settings else {},
        once=once,
    )


def simulate(
    plugin: type[LogicPlugin],
    alerts: Alerts,
    *,
    seeds: Iterable[int] = range(1, 21),
    plugin_id: str = "simulated",
    symbols: Sequence[str] = SYMBOLS,
    settings: Mapping[str, Any] | None = None,
    plugin_settings: Mapping[str, Any] | None = None,
    once: bool = True,
) -> Tally:
    """Run a plugin in the simulator: a whole host, its crashes, a bad broker, a failing disk.

    Args:
        plugin: Its class, importable by its module's name.
        alerts: Bodies to choose from, or a function of chance and the alert's number that makes one.
        seeds: One run each.
        symbols: Whose prices move.
        settings: Laid over the host's settings, nested as in ``zepix.toml``.
        plugin_settings: What the plugin's settings file holds.
        once: Of one alert the plugin opens at most one order a leg.

    Returns:
        What the runs add up to.

    Raises:
        AssertionError: Something did not hold; the message holds the seed and the smallest plan found.
    """
    cast = cast_of(
        plugin, alerts, plugin_id=plugin_id, symbols=symbols, settings=settings,
        plugin_settings=plugin_settings, once=once,
    )  # fmt: skip
    tally = campaign(seeds, make=lambda: cast)
    if tally.failed:
        with Theatre(cast) as theatre:
            raise AssertionError(told(shrink(tally.failed[0], theatre.run)))
    return tally


def _choose(bodies: tuple[str, ...]) -> Callable[[Random, int], str]:
    return lambda chance, _: chance.choice(bodies)
