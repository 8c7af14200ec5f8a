"""What crosses the border between the host and a gateway."""

import attrs

from zepix_core.broker.mt5.settings import Mt5Settings
from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.broker.symbol_settings import SymbolSettings
from zepix_core.model.market import SymbolInfo
from zepix_core.model.order import Book

MODULE = "zepix_core.broker.gateway"
PAGE = 5000
START_SECONDS = 30.0
PAPER, MT5, SHADOW = "paper", "mt5", "shadow"

OPEN, CLOSE = "open", "close"
SUBMIT, ACCOUNT, QUOTE, POSITIONS = "submit", "account", "quote", "positions"
DEALS, MARGIN, OBSERVE, BARS, ORDERS = "deals", "margin", "observe", "bars", "orders"
TICKS, NEW_DEALS, LINK, CHANGED, STORAGE = "ticks", "new_deals", "link", "changed", "storage"
FEED = "feed"


@attrs.frozen(kw_only=True)
class GatewayInit:
    """The first request: which account to serve.

    Attributes:
        kind: ``paper``, ``mt5``, or ``shadow``: a paper book on the prices it is fed.
        data: Folder of ``paper.db`` and ``mt5.json``.
        mt5: The account at MetaTrader 5; its password crosses the border here and nowhere else.
        fed: Symbols of the broker that a shadow book follows.
        symbols: The operator's ``symbol_config``.
        faults: Text of ``ZEPIX_PAPER_FAULTS``, ``""`` for none.
        live: The operator allows real money.
    """

    kind: str = PAPER
    data: str
    paper: PaperSettings = attrs.field(factory=PaperSettings)
    symbols: dict[str, SymbolSettings] = attrs.field(factory=dict)
    faults: str = ""
    live: bool = False
    mt5: Mt5Settings | None = None
    fed: tuple[SymbolInfo, ...] = ()

    @property
    def start_seconds(self) -> float:
        """How long opening the account may take."""
        return START_SECONDS + (self.mt5.start_seconds if self.mt5 is not None else 0.0)


@attrs.frozen(kw_only=True)
class DealsQuery:
    """Arguments of `Broker.deals`; the answer is at most `PAGE` deals."""

    after_ticket: int = 0
    since_ns: int = 0
    book: Book = Book.LIVE


@attrs.frozen(kw_only=True)
class BarsQuery:
    """Arguments of `Broker.bars`."""

    symbol: str
    minutes: int
    count: int


@attrs.frozen(kw_only=True)
class MarginQuery:
    """Arguments of `Broker.margin`."""

    symbol: str
    lots: float


@attrs.frozen(kw_only=True)
class Observation:
    """Arguments of `Broker.observe`."""

    symbol: str
    price: float
