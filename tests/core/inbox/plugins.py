"""Plugins written out for tests: what they take, how they answer, what they were asked."""

import asyncio
from collections.abc import Callable

from zepix_core.inbox.port import Route
from zepix_core.model.alert import Alert, AlertClass
from zepix_core.model.decision import Decision, Verdict

Answer = Callable[[Alert], Decision]


def acted(_: Alert) -> Decision:
    return Decision(verdict=Verdict.ACTED, action="enter")


def nothing(_: Alert) -> Decision:
    return Decision(verdict=Verdict.NOTHING, action="no_action", reason="no_open_position")


def rejected(reason: str) -> Answer:
    return lambda _: Decision(verdict=Verdict.REJECTED, action="reject", reason=reason)


def failing(error: Exception) -> Answer:
    def answer(_: Alert) -> Decision:
        raise error

    return answer


class WrittenPlugin:
    """One plugin: its kinds, and its answers in turn; the last answer is repeated."""

    def __init__(self, name: str, kinds: dict[str, AlertClass], *answers: Answer) -> None:
        self.name, self.kinds = name, kinds
        self.answers = list(answers) or [acted]
        self.asked: list[int] = []
        self.most_at_once = 0
        self.enabled = True
        self.broken = False
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self._at_once = 0

    async def answer(self, alert: Alert) -> Decision:
        self.asked.append(alert.id)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await self.may_answer.wait()
            await asyncio.sleep(0)
            return (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])(alert)
        finally:
            self._at_once -= 1


class WrittenPlugins:
    """The plugins' room."""

    def __init__(self, *plugins: WrittenPlugin, heads: frozenset[str] = frozenset()) -> None:
        self.feed = ""  # the one of `plugins` that is the feed of the others' group
        self.plugins = {plugin.name: plugin for plugin in plugins}
        self._heads = heads

    def routes(self, kind: str, timeframe: str | None) -> tuple[Route, ...]:
        return tuple(
            Route(plugin.name, plugin.kinds[kind], self.feed)
            for plugin in self.plugins.values()
            if plugin.enabled and not plugin.broken and kind in plugin.kinds
        )

    def absent(self, kind: str, timeframe: str | None) -> tuple[str, ...]:
        return tuple(p.name for p in self.plugins.values() if p.broken and kind in p.kinds)

    def heads(self) -> frozenset[str]:
        return self._heads

    async def deliver(self, plugin: str, alert: Alert) -> Decision:
        return await self.plugins[plugin].answer(alert)
