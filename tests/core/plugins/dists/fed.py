"""Two plugins of one database group, and the feed of that group."""

import os
import re
from typing import ClassVar

from zepix_core import Alert, AlertClass, Decision, GroupFeed, LogicPlugin, ServiceAPI, Verdict, hookimpl

INFO = {"pulse": AlertClass.INFO, "entry": AlertClass.INFO, "far": AlertClass.ENTRY}


class Feed(GroupFeed):
    """Keeps the pulse of the group; what concerns one plugin is none of its business."""

    alerts: ClassVar = INFO

    async def on_start(self, api: ServiceAPI) -> None:
        await api.send_notification("the feed starts")

    async def on_alert(self, alert: Alert, api: ServiceAPI) -> Decision | None:
        if alert.body == "die":
            os._exit(9)
        if alert.timeframe == "place" or alert.body == "place":
            result = await api.place_order("EURUSD", "BUY", 0.1, 1.16)
            return Decision(verdict=Verdict.REJECTED, action="enter", reason=result.code or "filled")
        if alert.kind == "far":
            return Decision(verdict=Verdict.REJECTED, action="log", reason="no_plugin")
        if alert.kind == "pulse":
            counts = re.search(r"(\d)/(\d)", alert.body)
            bull, bear = (int(counts[1]), int(counts[2])) if counts else (4, 1)
            row = await api.update_trend_pulse("EURUSD", "15", bull, bear)
            return Decision(verdict=Verdict.ACTED, action="update_trend", data={"bull": row.bull_count})
        return None


class One(LogicPlugin):
    """Answers what the group's pulse says when it is asked."""

    alerts: ClassVar = {"pulse": AlertClass.INFO, "entry": AlertClass.ENTRY}
    timeframes = ("5",)
    database_group = "fed_group"
    group_feed = Feed

    @hookimpl
    async def on_alert(self, alert: Alert, api: ServiceAPI) -> Decision:
        if alert.body == "die too":
            os._exit(9)
        data = {"state": api.get_market_state("EURUSD").value}
        if alert.kind == "entry":
            return Decision(verdict=Verdict.REJECTED, action="enter", reason="too_weak", data=data)
        return Decision(verdict=Verdict.NOTHING, action="ignore", reason="seen", data=data)


class Two(One):
    timeframes = ("15",)
