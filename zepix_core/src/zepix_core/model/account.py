"""The account at the broker."""

import attrs


@attrs.frozen(kw_only=True)
class AccountInfo:
    """Account facts; money in ``currency``.

    Attributes:
        login, server: Identity; the journal belongs to one pair of these.
        trade_mode: ``demo``, ``contest`` or ``real``.
        margin_mode: ``hedging`` or ``netting``.
        margin_level: Equity / margin in percent, ``None`` without open positions.
    """

    login: int
    server: str
    name: str = ""
    currency: str = "USD"
    balance: float = 0.0
    equity: float = 0.0
    margin: float = 0.0
    margin_free: float = 0.0
    margin_level: float | None = None
    profit: float = 0.0
    leverage: int = 100
    trade_mode: str = "demo"
    margin_mode: str = "hedging"

    @property
    def hedging(self) -> bool:
        """Every entry is a position of its own; a netting account merges those of a symbol into one."""
        return self.margin_mode == "hedging"
