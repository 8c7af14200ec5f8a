"""``zepix run --demo``: sample alerts through the real webhook, each story shown as it happens."""

import asyncio
import json
from collections.abc import Sequence
from functools import partial
from importlib.resources import files
from typing import Any

import attrs
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from zepix_core.cli.story_text import story_lines
from zepix_core.cli.story_words import Plugins
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


@attrs.frozen(kw_only=True)
class Played:
    """What came of a sample.

    Attributes:
        status: HTTP status of the webhook's answer; ``code``: its word for a body that it refused, or ``""``.
        alert: Number of the alert it became or repeated, ``""`` when it was not taken.
        again: It was seen before.
        story: Of an alert of its own.
    """

    sample: Sample
    status: int
    code: str = ""
    alert: str = ""
    again: bool = False
    story: Story | None = None


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


def own_samples(samples: Sequence[Sample], boot: str) -> tuple[Sample, ...]:
    """The samples as this run sends them: JSON bodies get an id, ``demo-<boot>-<n>``.

    A later run's alerts are then alerts of their own, while equal bodies of one run stay the same delivery.
    """
    numbers: dict[str, int] = {}
    for sample in samples:
        numbers.setdefault(sample.body, len(numbers) + 1)
    return tuple(
        attrs.evolve(sample, body=f'{{"id":"demo-{boot}-{numbers[sample.body]}",{sample.body[1:]}')
        # Text, not parsed JSON: a sample with placeholders is none.
        if sample.body.startswith('{"')
        else sample
        for sample in samples
    )


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
        samples = own_samples(read_samples(), host.state().boot[:8])
        ends: list[Played] = []
        for number, sample in enumerate(samples, 1):
            self._console.rule(f"[bold]{number}/{len(samples)}  {escape(sample.title)}")
            status, answer = await _post(host.state().webhook_port, self._token, sample.body)
            self._console.print(
                f"[dim]POST /webhook/***[/dim]  →  {status} {escape(answer)}", highlight=False
            )
            played = understood(sample, status, answer)
            if played.again:
                told = f"Alert {played.alert} again: seen before, so nothing is done."
                self._console.print(told, style="yellow")
            elif played.alert:
                story = await self._told(host, played.alert)
                played = attrs.evolve(played, story=story)
                if story is not None:
                    self._show(story, [attrs.asdict(row) for row in host.plugin_rows()])
            else:
                told = f"Refused at the door: {played.code}. It became no alert."
                self._console.print(escape(told), style="yellow")
            ends.append(played)
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

    def _show(self, story: Story, plugins: Plugins) -> None:
        for line in story_lines(story, plugins):
            style = STYLES.get(line.style, "")
            self._console.print(escape(line.text), style=style, highlight=False, soft_wrap=True)


def _wide_console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)


def summary(ends: Sequence[Played]) -> Table:
    """One row a sample: the answer, how it ended, what was opened."""
    table = Table(title="What became of the alerts", title_justify="left")
    for column in ("alert", "http", "what", "symbol", "end", "by", "orders"):
        table.add_column(column, overflow="fold", no_wrap=column in ("alert", "http", "symbol"))
    for played in ends:
        title, http = escape(played.sample.title), str(played.status)
        if played.story is not None:
            table.add_row(str(played.story.alert.id), http, title, *_end(played.story))
        elif played.again:
            table.add_row(played.alert, http, title, "-", f"[yellow]duplicate of {played.alert}[/]", "-", "-")
        else:
            code = escape(played.code or "no answer in time")
            table.add_row(played.alert or "-", http, title, "-", f"[red]not taken: {code}[/]", "-", "-")
    return table


def _end(story: Story) -> tuple[str, ...]:
    """Symbol, end, by whom, and orders, as markup."""
    alert = story.alert
    colour = "green" if alert.state == "done" else "yellow" if alert.state == "refused" else "red"
    orders = [
        f"{order.leg} {order.action} {order.side} {order.lots:g} {order.state}" for order in story.orders
    ]
    return (
        escape(alert.symbol or "-"),
        f"[{colour}]{alert.state}{': ' + escape(alert.reason) if alert.reason else ''}[/]",
        escape(", ".join(f"{delivery.plugin} {delivery.state}" for delivery in alert.deliveries)) or "-",
        escape("\n".join(orders)) or "-",
    )


def understood(sample: Sample, status: int, answer: str) -> Played:
    """The webhook's answer: the alert's number, or why there is none."""
    try:
        told: Any = json.loads(answer)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        return Played(sample=sample, status=status, code=answer.strip() or "no answer")
    if told.get("id") is None:
        code = told.get("code") or told.get("error") or told.get("reason") or "?"
        return Played(sample=sample, status=status, code=str(code))
    again = told.get("status") == "duplicate"
    return Played(sample=sample, status=status, alert=str(told["id"]), again=again)


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
