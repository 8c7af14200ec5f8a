"""What keeps a database file from being written."""

import attrs

from zepix_core.errors import DatabaseDamaged, ZepixError


@attrs.frozen(kw_only=True)
class StorageNews:
    """A process tells how a file of its own stands.

    Attributes:
        file: Name of the file.
        fault: What keeps it from being written, ``""`` once it can be again.
        hint: What a person can do.
        damaged: It is not what was written; it will not mend itself.
        plugins: Whose file it is; none: entries of all depend on it.
    """

    file: str
    fault: str = ""
    hint: str = ""
    damaged: bool = False
    plugins: tuple[str, ...] = ()


def news_of(file: str, error: BaseException | None, plugins: tuple[str, ...] = ()) -> StorageNews:
    """What an error of a write, or its absence, says of a file."""
    if error is None:
        return StorageNews(file=file, plugins=plugins)
    text, hint = str(error) or type(error).__name__, ""
    if isinstance(error, ZepixError):
        text, hint = error.message, error.hint
    return StorageNews(
        file=file, fault=text, hint=hint, damaged=isinstance(error, DatabaseDamaged), plugins=plugins
    )


@attrs.frozen(kw_only=True)
class StorageFault:
    """A fault that stops entries now.

    Attributes:
        file: Name of the file, or ``disk``.
        text: What is wrong.
        since_ns: Since when, UTC nanoseconds.
        plugins: Whose entries it stops; none: everybody's.
        lasting: Only a person ends it.
        hint: What a person can do.
    """

    file: str
    text: str
    since_ns: int
    hint: str = ""
    plugins: tuple[str, ...] = ()
    lasting: bool = False
