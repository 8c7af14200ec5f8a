"""What a gateway must know of a MetaTrader 5 account."""

import attrs

AFTERLIFE_SECONDS = 30.0
"""A terminal goes on with a call for that long after the process that made it has ended."""
CONNECT_SECONDS = 20.0


@attrs.frozen(kw_only=True)
class Mt5Settings:
    """The account, its terminal, and the names of its symbols.

    Attributes:
        path: ``terminal64.exe``; ``""`` lets the module look for a terminal.
        portable: The terminal keeps its data in its own folder.
        retries, wait: How often a first connection is tried again, and after how many seconds.
        mapping: Our names of symbols to the broker's.
        offset_hours: The server's clock ahead of UTC, ``None`` to measure it.
        record: Every call of the terminal is written down.
    """

    login: int = 0
    password: str = attrs.field(default="", repr=False)
    server: str = ""
    path: str = ""
    portable: bool = False
    retries: int = 3
    wait: float = 5.0
    mapping: dict[str, str] = attrs.field(factory=dict)
    offset_hours: float | None = None
    record: bool = False

    @property
    def start_seconds(self) -> float:
        """How long opening the account may take, all tries together."""
        return (self.retries + 1) * CONNECT_SECONDS + self.retries * self.wait
