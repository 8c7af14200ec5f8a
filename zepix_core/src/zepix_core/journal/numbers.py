"""Number and tag of each plugin: given once, never reused."""

import re
import sqlite3

import attrs

from zepix_core.errors import StorageError

TAG_LIMIT = 7
LAST_NUMBER = 999


@attrs.frozen(kw_only=True)
class PluginNumber:
    """``number`` is the middle part of the magic, ``tag`` the head of the comment."""

    number: int
    tag: str


def short_tag(plugin: str) -> str:
    """A tag of at most 7 ASCII characters: the name itself, else initials and the last word."""
    words = [word for word in re.split(r"[^a-z0-9]+", plugin.lower()) if word]
    whole = "-".join(words)
    if len(whole) <= TAG_LIMIT:
        return whole or "plugin"
    initials = "".join(word[0] for word in words[:-1])
    short = f"{initials}-{words[-1]}" if initials else words[-1]
    return short[:TAG_LIMIT]


def known_number(connection: sqlite3.Connection, plugin: str) -> PluginNumber | None:
    """The plugin's number and tag, ``None`` before its first order."""
    query = "SELECT number, tag FROM plugin_numbers WHERE plugin = ?"
    found = connection.execute(query, (plugin,)).fetchone()
    return None if found is None else PluginNumber(number=found[0], tag=found[1])


def number_of(connection: sqlite3.Connection, plugin: str) -> PluginNumber:
    """The plugin's number and tag, given now when it has none; inside a write transaction.

    Raises:
        StorageError: All 999 numbers are given.
    """
    known = known_number(connection, plugin)
    if known is not None:
        return known
    number = connection.execute("SELECT coalesce(max(number), 0) + 1 FROM plugin_numbers").fetchone()[0]
    if number > LAST_NUMBER:
        raise StorageError("All 999 plugin numbers are given.", "Start a new home folder for new plugins.")
    taken = {row[0] for row in connection.execute("SELECT tag FROM plugin_numbers")}
    tag = short_tag(plugin)
    if tag in taken:
        ending = str(number)
        tag = tag[: TAG_LIMIT - len(ending)] + ending
    connection.execute(
        "INSERT INTO plugin_numbers (plugin, number, tag) VALUES (?, ?, ?)", (plugin, number, tag)
    )
    return PluginNumber(number=number, tag=tag)
