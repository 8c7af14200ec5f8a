"""What the host knows of a plugin when it judges a request of it."""

import attrs

from zepix_core.plugin import RiskSettings


@attrs.frozen(kw_only=True)
class PluginFacts:
    """Declared and configured facts of one plugin.

    Attributes:
        symbols_allowed: TradingView names it may trade; empty means every configured symbol.
        shadow: Entries go to the shadow book.
        enabled: A disabled plugin may close, not open.
    """

    id: str
    capabilities: frozenset[str] = frozenset()
    risk: RiskSettings = attrs.field(factory=RiskSettings)
    symbols_allowed: tuple[str, ...] = ()
    shadow: bool = False
    enabled: bool = True
