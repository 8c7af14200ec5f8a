"""What crosses the border between the host and a gateway."""

import attrs

from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.broker.symbol_settings import SymbolSettings
from zepix_core.model.order import Book

MODULE = "zepix_core.broker.gateway"
PAGE = 5000

OPEN, CLOSE = "open", "close"
SUBMIT, ACCOUNT, QUOTE, POSITIONS = "submit", "account", "quote", "positions"
DEALS, MARGIN, OBSERVE, BARS, ORDERS = "deals", "margin", "observe", "bars", "orders"
TICKS, NEW_DEALS, LINK, CHANGED = "ticks", "new_deals", "link", "changed"


@attrs.frozen(kw_only=True)
class GatewayInit:
    """The first request: which account to serve.

    Attributes:
        kind: ``paper``.
        data: Folder of ``paper.db``.
        symbols: The operator's ``symbol_config``.
        faults: Text of ``ZEPIX_PAPER_FAULTS``, ``""`` for none.
        live: The operator allows real money.
    """

    kind: str = "paper"
    data: str
    paper: PaperSettings = attrs.field(factory=PaperSettings)
    symbols: dict[str, SymbolSettings] = attrs.field(factory=dict)
    faults: str = ""
    live: bool = False


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
