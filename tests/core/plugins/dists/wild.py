"""A plugin that misbehaves as the alert's body says."""

import asyncio
import os
import sys
import time
from typing import ClassVar

from zepix_core import Alert, AlertClass, Decision, LogicPlugin, ServiceAPI, Tick, Verdict, hookimpl


class Wild(LogicPlugin):
    alerts: ClassVar = {"go": AlertClass.ENTRY}
    symbols = ("XAUUSD",)

    @hookimpl
    async def on_alert(self, alert: Alert, api: ServiceAPI):
        match alert.body:
            case "raise":
                raise ValueError("out of ideas")
            case "exit":
                sys.exit(3)
            case "interrupt":
                raise KeyboardInterrupt
            case "cancel":
                raise asyncio.CancelledError
            case "die":
                os._exit(9)
            case "loop":
                while True:
                    continue
            case "sleep":
                await asyncio.sleep(60)
            case "text":
                return "a decision"
            case "dict":
                return {"verdict": "acted"}
            case "unreadable":
                return Decision(verdict=Verdict.ACTED, action="x", data={"object": object()})
            case "mistyped":
                return Decision(verdict="perhaps", action=7)
            case "huge":
                return Decision(verdict=Verdict.ACTED, action="x", data={"text": "x" * 400_000})
            case "mute":
                return Decision(verdict=Verdict.REJECTED, action="reject")
            case "wordy":
                return Decision(verdict=Verdict.REJECTED, action="reject", reason="DualResult(a=None)")
            case "print":
                print("this is no frame")
                sys.stdout.flush()
                os.write(1, b"neither is this\n")
                sys.stdin.read()
            case "bad argument":
                await api.place_order("XAUUSD", "SIDEWAYS", 0.1, 1.0)
            case "wait":
                await api.get_current_price_data("SLOW")
            case "many":
                await asyncio.gather(*(api.get_current_price_data("SLOW") for _ in range(40)))
            case "grow":
                self.held = bytearray(b"x" * 150_000_000)
                await asyncio.sleep(60)
            case "leave":
                self.left = asyncio.create_task(self.later(api))
        return Decision(verdict=Verdict.ACTED, action="lived")

    async def later(self, api: ServiceAPI) -> None:
        await asyncio.sleep(0.05)
        await api.get_current_price_data("LATER")

    @hookimpl
    def on_tick(self, tick: Tick) -> None:
        time.sleep(30)


class Calm(LogicPlugin):
    """Lives in the same worker."""

    alerts: ClassVar = {"go": AlertClass.ENTRY}

    @hookimpl
    def on_alert(self, alert: Alert) -> Decision:
        return Decision(verdict=Verdict.ACTED, action=f"calm {os.getpid()}")
