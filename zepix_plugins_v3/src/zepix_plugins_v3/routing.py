"""Which logic an entry goes to: signal first, then timeframe, then the default."""

from zepix_plugins_v3.alert import V3Alert
from zepix_plugins_v3.rules import Rules


def route(alert: V3Alert, rules: Rules) -> tuple[str, str]:
    """The logic of an entry, and the rule that chose it: ``signal_override``, ``timeframe`` or
    ``default``. A timeframe no rule names is traded, not refused."""
    signal, timeframe = alert.signal.id, alert.timeframe
    for key in ((signal, timeframe), (signal, None)):
        if key in rules.overrides:
            return rules.overrides[key], "signal_override"
    if timeframe in rules.routes:
        return rules.routes[timeframe], "timeframe"
    return "LOGIC2", "default"
