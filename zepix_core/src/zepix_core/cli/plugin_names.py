"""Which plugins there are by name, for commands that take one or find one named in a file."""

from collections import Counter
from collections.abc import Iterable
from difflib import get_close_matches

from zepix_core.cli.client import NotFound
from zepix_core.config.home import Home
from zepix_core.config.plugin_files import plugin_ids, remembered
from zepix_core.plugins.discovery import discover


def known_ids(home: Home) -> frozenset[str]:
    """Ids of what is installed, and of what ran in this home last (from a source folder, for one)."""
    installed = {plugin.id for distribution in discover() for plugin in distribution.plugins}
    return frozenset(installed | {row["id"] for row in remembered(home)})


def stray_files(home: Home) -> tuple[str, ...]:
    """A fault for each settings file whose plugin is not installed."""
    known = known_ids(home)
    return tuple(
        f"plugins/{home.plugin_file(name).name}: no plugin {name} is installed{_or_near(name, known)}"
        for name in plugin_ids(home)
        if name not in known
    )


def near(name: str, known: Iterable[str]) -> str:
    """``Did you mean 'bracket'?``, or what there is when nothing is near."""
    names = sorted(known)
    found = get_close_matches(name, names, 1)
    if found:
        return f"Did you mean {found[0]!r}?"
    return f"There are {', '.join(names)}." if names else ""


def need_known(home: Home, name: str) -> None:
    """Refuse what is the id of no plugin.

    Raises:
        NotFound: There is none of that id.
    """
    known = known_ids(home)
    if name not in known:
        raise unknown(name, known)


def unknown(name: str, known: Iterable[str]) -> NotFound:
    """Nothing goes by that name, as a running host would answer."""
    return NotFound(f"there is no plugin {name}.", near(name, known))


def _or_near(name: str, known: Iterable[str]) -> str:
    found = get_close_matches(name, sorted(known), 1)
    return f"; did you mean {found[0]!r}?" if found else ""


def open_counts(home: Home) -> dict[str, int]:
    """How many positions each plugin has open, both books, as the journal knows.

    Raises:
        SettingsError: The journal cannot be read.
    """
    from zepix_core.cli.source import from_file
    from zepix_core.journal.listing import open_trades

    plugins: list[str] | None = from_file(
        home.journal_db, lambda connection: [trade.plugin for trade in open_trades(connection)]
    )
    return dict(Counter(plugins or ()))
