"""Which plugins the environment offers, read from metadata alone: no plugin code is imported."""

import hashlib
import importlib
import re
from collections.abc import Iterable, Sequence
from importlib import metadata

import attrs
from packaging.utils import canonicalize_name

from zepix_core.plugins.names import RESERVED

GROUP = "zepix.plugins"
PLUGIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
DEVELOPMENT = "zepix-development"


@attrs.frozen(kw_only=True)
class FoundPlugin:
    """One entry point. ``problem`` says why it cannot be used, ``""`` when it can."""

    id: str
    target: str
    problem: str = ""


@attrs.frozen(kw_only=True)
class FoundDistribution:
    """An installed distribution that offers plugins.

    Attributes:
        name: Normalised (PEP 503).
        sha256: Of its RECORD, ``""`` when it has none.
        development: It runs from its source (`zepix_core.plugins.development`).
    """

    name: str
    version: str
    sha256: str
    plugins: tuple[FoundPlugin, ...]
    development: bool = False

    @property
    def usable(self) -> dict[str, str]:
        """Plugin id to ``module:Class``, without the ones that have a problem."""
        return {plugin.id: plugin.target for plugin in self.plugins if not plugin.problem}


def discover(path: Sequence[str] | None = None) -> tuple[FoundDistribution, ...]:
    """Distributions with plugins on ``path`` (default: this interpreter's), by name.

    A plugin id that two distributions offer belongs to the first by name; the other's has a problem.
    """
    # What pip changed a moment ago has to be seen, whatever the folders' times say.
    importlib.invalidate_caches()
    installed = metadata.distributions() if path is None else metadata.distributions(path=list(path))
    return _without_duplicates(_read(installed))


def _read(installed: Iterable[metadata.Distribution]) -> list[FoundDistribution]:
    found: dict[str, FoundDistribution] = {}
    for distribution in installed:
        # First what costs little: the names of hundreds of others are read for nothing.
        points = [point for point in distribution.entry_points if point.group == GROUP]
        if not points:
            continue
        raw = distribution.metadata["Name"]
        # The first on the path is the one that would be imported.
        if not raw or (name := str(canonicalize_name(raw))) in found:
            continue
        record = distribution.read_text("RECORD")
        found[name] = FoundDistribution(
            name=name,
            version=distribution.version,
            sha256=hashlib.sha256(record.encode()).hexdigest() if record else "",
            plugins=tuple(FoundPlugin(id=p.name, target=p.value) for p in sorted(points)),
            development=(distribution.read_text("INSTALLER") or "").strip() == DEVELOPMENT,
        )
    return [found[name] for name in sorted(found)]


def _without_duplicates(found: list[FoundDistribution]) -> tuple[FoundDistribution, ...]:
    owners: dict[str, str] = {}
    result = []
    for distribution in found:
        plugins: list[FoundPlugin] = []
        for plugin in distribution.plugins:
            owner = owners.setdefault(plugin.id, distribution.name)
            problem = ""
            if owner != distribution.name or plugin.id in {p.id for p in plugins}:
                problem = f"duplicate id: {owner} offers {plugin.id}, too"
            elif plugin.id in RESERVED or not PLUGIN_ID.fullmatch(plugin.id):
                problem = "a plugin id is letters, digits, _ and -, at most 64, and not 'core'"
            plugins.append(attrs.evolve(plugin, problem=problem))
        result.append(attrs.evolve(distribution, plugins=tuple(plugins)))
    return tuple(result)
