"""What keeps a database file from being written."""

import attrs


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
