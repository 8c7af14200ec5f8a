"""What a plugin may read of the host's settings."""

from collections.abc import Mapping
from typing import Any

import attrs

from zepix_core.config.risk import RiskRules
from zepix_core.config.structure import structure


@attrs.frozen
class HostView:
    """The host's settings as they are in force.

    Attributes:
        plain: Keys as in the host's file, without anything secret.
        rules: The money settings among them.
    """

    plain: Mapping[str, Any]
    rules: RiskRules


def view_of(plain: Mapping[str, Any]) -> HostView:
    """Read the money settings out of the plain ones; absent keys take their defaults.

    Raises:
        SettingsError: A money setting is not valid.
    """
    names = {field.name for field in attrs.fields(RiskRules)}
    money = {key: value for key, value in plain.items() if key in names}
    return HostView(plain, structure(money, RiskRules))
