"""What a plugin earned in one of the two books, as people compare them."""

import attrs

NO_BOOK = ""
ALL_SYMBOLS = ""


@attrs.frozen(kw_only=True)
class BookRow:
    """One plugin, symbol and book over a period.

    Attributes:
        symbol: `ALL_SYMBOLS` in the sum over all of them.
        book: ``live``, ``shadow``, or `NO_BOOK` for entries that were refused before an order was made: by
            the plugin's own tests, or by the host's gates when it asked them beforehand.
        trades: Positions that were closed in the period; the legs of a pair are two.
        wins, losses: Those that ended above or below 0, commission and swap included.
        win_rate: Percent of the trades; ``None`` without any.
        pips: Sum over the trades of their pips, a part that was closed by its share of the volume.
        money: What all deals of the period made, in account currency, commission and swap included: what
            was closed of positions that are still open counts, too. ``commission`` and ``swap`` are in it.
        profit_factor: What the wins made / what the losses lost; ``None`` without a loss.
        max_drawdown: The deepest fall of the money from its highest point in the period, a positive number.
        open: Positions open now, whatever the period; ``floating``: their result at the present price with
            swap, ``None`` where no price is known.
        refused: Entries refused in the period, by code.
    """

    plugin: str
    symbol: str
    book: str
    trades: int = 0
    wins: int = 0
    losses: int = 0
    win_rate: float | None = None
    pips: float = 0.0
    money: float = 0.0
    commission: float = 0.0
    swap: float = 0.0
    profit_factor: float | None = None
    max_drawdown: float = 0.0
    open: int = 0
    floating: float | None = None
    refused: dict[str, int] = attrs.field(factory=dict)
