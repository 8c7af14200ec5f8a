"""What the group takes in once for all four plugins: trends, momentum, and the log of every message."""

from typing import ClassVar

from zepix_core import Alert, AlertClass, Decision, GroupFeed, ServiceAPI, Verdict
from zepix_plugins_v6 import report, shared
from zepix_plugins_v6.alert import parse
from zepix_plugins_v6.decide import decide_shared, taken
from zepix_plugins_v6.decision import Action
from zepix_plugins_v6.duplicates import DEFAULT_WINDOW, Memory
from zepix_plugins_v6.facts import Facts
from zepix_plugins_v6.messages import Entry, Exit, NotV6, V6Message
from zepix_plugins_v6.profiles import BY_TIMEFRAME

ENTRIES: dict[str, AlertClass] = dict.fromkeys(("BULLISH_ENTRY", "BEARISH_ENTRY"), AlertClass.ENTRY)
EXITS: dict[str, AlertClass] = dict.fromkeys(("EXIT_BULLISH", "EXIT_BEARISH"), AlertClass.EXIT)
SHARED: dict[str, AlertClass] = dict.fromkeys(
    ("TREND_PULSE", "STATE_CHANGE", "MOMENTUM_CHANGE"), AlertClass.INFO
)
NOTED: dict[str, AlertClass] = dict.fromkeys(
    (
        "SIDEWAYS_BREAKOUT",
        "TRENDLINE_BULLISH_BREAK",
        "TRENDLINE_BEARISH_BREAK",
        "BREAKOUT",
        "BREAKDOWN",
        "SCREENER_FULL_BULLISH",
        "SCREENER_FULL_BEARISH",
    ),
    AlertClass.INFO,
)


class PriceActionFeed(GroupFeed):
    """Every V6 message comes here first: also while plugins are off, and on charts that no plugin handles."""

    # An entry is only written down here, and that is never too late.
    alerts: ClassVar = {**dict.fromkeys((*ENTRIES, *EXITS), AlertClass.INFO), **SHARED, **NOTED}

    def __init__(self) -> None:
        self._memory = Memory()

    async def on_start(self, api: ServiceAPI) -> None:
        """Remember what was taken lately."""
        await shared.recall(self._memory, None, DEFAULT_WINDOW, api.now(), api)

    async def on_alert(self, alert: Alert, api: ServiceAPI) -> Decision | None:
        """Log the message and do what concerns the whole group; an entry or exit is left to its plugin."""
        message = parse(alert.body)
        if isinstance(message, NotV6):
            return report.ignored(message.reason)
        earlier = await shared.log(alert, message, api)
        if isinstance(message, Entry | Exit) and message.timeframe in BY_TIMEFRAME:
            return None
        age = self._memory.age(alert.key, alert.received_at, alert.body)
        rows = api.trend.pulse_rows(message.ticker) if isinstance(message, V6Message) else ()
        decision = decide_shared(message, Facts(received_at=alert.received_at, same_age=age, rows=rows))
        if taken(decision):
            self._memory.take(alert.key, alert.received_at, alert.body)
        if earlier is None or not earlier.processed:
            await shared.take_in(alert, decision, api)
        changed = decision.action in (Action.TREND_UPDATE, Action.MOMENTUM_UPDATE)
        return report.decided(decision, verdict=Verdict.ACTED if changed else None)
