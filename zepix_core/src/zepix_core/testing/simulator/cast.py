"""Who plays in a simulation: plugins, and alerts for them."""

from collections.abc import Mapping
from typing import Any

import attrs

from zepix_core.plugins.discovery import FoundDistribution, FoundPlugin
from zepix_core.testing.simulator.acts import SYMBOLS, Compose, compose
from zepix_core.testing.simulator.plugin import PLUGIN_ID, SimulatedPlugin


@attrs.frozen(kw_only=True)
class Cast:
    """Plugins and their alerts.

    Attributes:
        distributions: Installed distributions that run; see `cast_of` for a plugin of no distribution.
        compose: Makes the body of an alert from chance and its number.
        symbols: Whose prices move.
        settings: Laid over the host's settings, nested as in ``zepix.toml``.
        plugin_settings: By plugin id: what its settings file holds.
        trades: By plugin id: the file in whose table ``trades`` it keeps every position.
        once: Of one alert at most one order a leg is opened.
    """

    distributions: tuple[FoundDistribution, ...]
    compose: Compose
    symbols: tuple[str, ...] = SYMBOLS
    settings: Mapping[str, Any] = attrs.field(factory=dict)
    plugin_settings: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict)
    trades: Mapping[str, str] = attrs.field(factory=dict)
    once: bool = True

    @property
    def plugins(self) -> tuple[str, ...]:
        """Ids of all plugins."""
        return tuple(plugin for found in self.distributions for plugin in found.usable)


def found(distribution: str, plugins: Mapping[str, type]) -> FoundDistribution:
    """A distribution as the environment would show it, of classes that can be imported."""
    return FoundDistribution(
        name=distribution,
        version="1.0",
        sha256="",
        plugins=tuple(
            FoundPlugin(id=name, target=f"{kind.__module__}:{kind.__qualname__}")
            for name, kind in plugins.items()
        ),
    )


def own_cast() -> Cast:
    """The simulator's own plugin."""
    return Cast(
        distributions=(found("zepix-simulated", {PLUGIN_ID: SimulatedPlugin}),),
        compose=compose,
        trades={PLUGIN_ID: f"zepix_{PLUGIN_ID}.db"},
    )
