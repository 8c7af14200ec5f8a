"""``zepix run --demo``: sample alerts through the real webhook, each story shown as it happens."""

import asyncio
import json
from functools import partial
from importlib.resources import files
from typing import Any

import attrs
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from zepix_core.cli.story_text import story_lines
from zepix_core.config.secrets import Secret
from zepix_core.journal.story import Story, tell
from zepix_core.model.order import IntentState
from zepix_core.web.view import HostView

STYLES = {"good": "green", "bad": "red", "head": "bold cyan", "dim": "dim"}
FINISHED = ("done", "refused", "dead")
UNDERWAY = (IntentState.PLANNED.value, IntentState.SENDING.value)
STORY_SECONDS = 15.0
POLL_SECONDS = 0.05
PAUSE_SECONDS = 0.7
WIDTH = 140


@attrs.frozen
class Sample:
    """One alert of the demo."""

    title: str
    body: str


def read_samples() -> tuple[Sample, ...]:
    """The samples that ship with Zepix, in the order of their files."""
    samples = []
    folder = files("zepix_core.demo")
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".jsonl"):
            for line in file.read_text(encoding="utf-8").splitlines():
                if line.strip():
                    told = json.loads(line)
                    samples.append(Sample(told["title"], told["body"]))
    return tuple(samples)


class DemoFace:
    """A face that plays the samples once the host is ready.

    Args:
        token: The webhook's token.
    """

    name = "demo"
    port = None

    def __init__(self, token: Secret, console: Console | None = None) -> None:
        self._token = token
        self._console = console if console is not None else _wide_console()
        self._host: HostView | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self, host: HostView) -> None:
        """Remember whom to show."""
        self._host = host

    def announce(self, ready: bool) -> None:
        """Play, once."""
        if ready and self._task is None and self._host is not None:
            self._task = asyncio.get_running_loop().create_task(self._play(self._host), name="demo")

    async def stop(self) -> None:
        """Stop playing."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _play(self, host: HostView) -> None:
        samples = read_samples()
        ends: list[tuple[Sample, Story]] = []
        for number, sample in enumerate(samples, 1):
            self._console.rule(f"[bold]{number}/{len(samples)}  {escape(sample.title)}")
            status, answer = await _post(host.state().webhook_port, self._token, sample.body)
            self._console.print(
                f"[dim]POST /webhook/***[/dim]  →  {status} {escape(answer)}", highlight=False
            )
            name, again = _taken(answer)
            if again:
                self._console.print(f"Alert {name} again: seen before, so nothing is done.", style="yellow")
            story = await self._told(host, name) if name is not None and not again else None
            if story is not None:
                ends.append((sample, story))
                self._show(story)
            await host.clock.sleep(PAUSE_SECONDS)
        self._console.print(summary(ends))
        self._console.print(
            Panel(
                "That was the demo. The host goes on listening; Ctrl-C ends it.\n"
                "In another terminal: zepix alerts list · zepix why 1 · zepix positions list · zepix url",
                expand=False,
            )
        )

    async def _told(self, host: HostView, name: str) -> Story | None:
        """The story once the alert is finished and its orders are answered, or what there is after 15 s."""
        end = host.clock.monotonic() + STORY_SECONDS
        while True:
            story = await host.journal.read(partial(tell, name=name))
            done = story is not None and story.alert.state in FINISHED
            if story is not None and done and not any(order.state in UNDERWAY for order in story.orders):
                return story
            if host.clock.monotonic() > end:
                return story
            await host.clock.sleep(POLL_SECONDS)

    def _show(self, story: Story) -> None:
        for line in story_lines(story):
            style = STYLES.get(line.style, "")
            self._console.print(escape(line.text), style=style, highlight=False, soft_wrap=True)


def _wide_console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)


def summary(ends: list[tuple[Sample, Story]]) -> Table:
    """One row an alert: what it was, how it ended, what was opened."""
    table = Table(title="What became of the alerts", title_justify="left")
    for column in ("alert", "what", "symbol", "end", "by", "orders"):
        table.add_column(column, overflow="fold")
    for sample, story in ends:
        alert = story.alert
        colour = "green" if alert.state == "done" else "yellow" if alert.state == "refused" else "red"
        orders = [
            f"{order.leg} {order.action} {order.side} {order.lots:g} {order.state}" for order in story.orders
        ]
        table.add_row(
            str(alert.id),
            escape(sample.title),
            escape(alert.symbol or "-"),
            f"[{colour}]{alert.state}{': ' + escape(alert.reason) if alert.reason else ''}[/]",
            escape(", ".join(f"{delivery.plugin} {delivery.state}" for delivery in alert.deliveries)),
            escape("\n".join(orders) or "-"),
        )
    return table


def _taken(answer: str) -> tuple[str | None, bool]:
    """The alert's number, ``None`` when it was not taken, and whether it was seen before."""
    try:
        told: Any = json.loads(answer)
    except ValueError:
        return None, False
    if not isinstance(told, dict) or told.get("id") is None:
        return None, False
    return str(told["id"]), told.get("status") == "duplicate"


async def _post(port: int, token: Secret, body: str) -> tuple[int, str]:
    """One request to the webhook, as TradingView makes it."""
    data = body.encode()
    head = (
        f"POST /webhook/{token.reveal()} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(head.encode() + data)
        await writer.drain()
        answer = (await reader.read()).decode("utf-8", "replace")
    finally:
        writer.close()
    first, _, rest = answer.partition("\r\n")
    parts = first.split(" ")
    return (int(parts[1]) if len(parts) > 1 and parts[1].isdecimal() else 0), rest.partition("\r\n\r\n")[2]
