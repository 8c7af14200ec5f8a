"""Rows on the screen or for another program."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from zepix_core.cli.columns import Column

Row = Mapping[str, Any]
WIDE = 100_000
FREE_LEAST = 12
GAP = 2


def print_rows(
    rows: Sequence[Row],
    columns: Sequence[str],
    shape: str,
    empty: str = "Nothing to show.",
    compact: Sequence["Column"] = (),
) -> None:
    """Print rows as a table, as one JSON list, or as a JSON object a line.

    JSON holds every field, ``columns`` first; a table shows ``compact``, or ``columns`` when it is empty.
    """
    if shape != "table":
        known = set(columns)
        rows = [
            {
                **{name: row[name] for name in columns if name in row},
                **{name: value for name, value in row.items() if name not in known},
            }
            for row in rows
        ]
    if shape == "json":
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False, default=str))
    elif shape == "json-lines":
        for row in rows:
            click.echo(json.dumps(row, ensure_ascii=False, default=str))
    elif not rows:
        click.echo(empty)
    elif compact:
        print_compact(rows, compact)
    else:
        print_table(rows, columns)


def print_compact(rows: Sequence[Row], columns: Sequence["Column"], width: int | None = None) -> None:
    """A table of ``width`` (default: the terminal's; off a terminal as wide as it needs).

    Free text is cut with an ellipsis where there is no room. Ids and numbers are whole: where even they have
    no room the lines are longer than the terminal.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if width is None and sys.stdout.isatty():
        width = Console().width
    texts = [[column.text(row) for column in columns] for row in rows]
    whole = [max(len(column.head), *lengths) for column, *lengths in _lengths(columns, texts)]
    widths = fitting(whole, [column.free for column in columns], (width or WIDE) - GAP * len(columns) + 1)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for column, wide in zip(columns, widths, strict=True):
        table.add_column(column.head, overflow="ellipsis", no_wrap=True, width=wide)
    for row, line in zip(rows, texts, strict=True):
        styles = [_style(column.head, column.value(row)) for column in columns]
        table.add_row(*map(Text, line, styles))
    Console(width=sum(widths) + GAP * len(columns), highlight=False).print(table)


def _lengths(columns: Sequence["Column"], texts: Sequence[Sequence[str]]) -> Iterator[tuple[Any, ...]]:
    for index, column in enumerate(columns):
        yield column, *(len(line[index]) for line in texts)


def fitting(whole: Sequence[int], free: Sequence[bool], room: int) -> list[int]:
    """Widths of columns that want ``whole`` and have ``room`` together; only the ``free`` ones give way.

    The widest of them gives first, none goes below `FREE_LEAST`.
    """
    widths = list(whole)
    while sum(widths) > room:
        giving = [i for i, may in enumerate(free) if may and widths[i] > FREE_LEAST]
        if not giving:
            break
        widths[max(giving, key=widths.__getitem__)] -= 1
    return widths


def print_table(rows: Iterable[Row], columns: Sequence[str], title: str | None = None) -> None:
    """A table; nothing is cut. Off a terminal it is as wide as it needs."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    terminal = sys.stdout.isatty()
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=not terminal)
    for row in rows:
        table.add_row(*(Text(cell(row.get(column)), _style(column, row.get(column))) for column in columns))
    Console(width=None if terminal else WIDE, highlight=False).print(table)


def print_facts(facts: Row, shape: str) -> None:
    """One object: a line a fact, or JSON."""
    if shape == "json":
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False, default=str))
    elif shape == "json-lines":
        click.echo(json.dumps(facts, ensure_ascii=False, default=str))
    else:
        width = max((len(name) for name in facts), default=0)
        for name, value in facts.items():
            click.echo(f"{name.ljust(width)}  {cell(value)}")


def cell(value: Any) -> str:
    """A value as a table shows it."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={_inner(item)}" for key, item in value.items()) or "-"
    if isinstance(value, list | tuple):
        return ", ".join(_inner(item) for item in value) or "-"
    return " ".join(str(value).split())


def _inner(value: Any) -> str:
    """A value inside another one, bracketed when it has parts of its own."""
    if isinstance(value, Mapping):
        return f"{{{cell(value)}}}" if value else "-"
    if isinstance(value, list | tuple):
        return f"[{cell(value)}]" if value else "-"
    return cell(value)


_GOOD = {"done", "acted", "filled", "closed", "active", "loaded", "ok", "open"}
_BAD = {"dead", "failed", "rejected", "denied", "needs_human", "quarantined", "bad", "unknown", "refused"}


def _style(column: str, value: Any) -> str:
    if column not in ("state", "status", "result"):
        return "bold" if column in ("id", "intent_id", "ticket") else ""
    return "green" if value in _GOOD else "red" if value in _BAD else "yellow"
