"""The settings of this plugin: what stands here is what `plugins/bracket.toml` may say."""

import attrs

from zepix_core import PluginConfig, RiskSettings, setting


@attrs.frozen(kw_only=True)
class BracketSettings:
    """What the operator may tune."""

    supported_symbols: tuple[str, ...] = setting((), doc="Symbols it may trade; empty: all configured ones")
    max_risk_percent: float = setting(
        2.0, doc="Most that risk_percent of an alert may be, percent of the balance", gt=0, le=100
    )
    risk_management: RiskSettings = setting(factory=RiskSettings, doc="Caps the host enforces")


@attrs.frozen(kw_only=True)
class BracketConfig(PluginConfig):
    """`plugins/bracket.toml`."""

    settings: BracketSettings = setting(factory=BracketSettings, doc="How brackets are placed")

    def symbols_allowed(self) -> tuple[str, ...]:
        return self.settings.supported_symbols

    def risk_settings(self) -> RiskSettings:
        return self.settings.risk_management
