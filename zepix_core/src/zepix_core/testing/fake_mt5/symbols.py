"""A symbol of the double as it is set up."""

import attrs

from zepix_core.testing.fake_mt5.constants import MT5, Masks


@attrs.frozen(kw_only=True)
class FakeSymbol:
    """What the double's broker says of one symbol.

    Attributes:
        bid: First bid, 0.0 for none: there is no price before the first `push_quote`.
        spread: Points between bid and ask where a quote names its bid alone.
        tick_size: Least step of a price, 0.0 for one point.
        stops_level, freeze_level: Points.
        exemode: ``SYMBOL_TRADE_EXECUTION_*``; ``trade_mode``: ``SYMBOL_TRADE_MODE_*``.
        filling_mode, expiration_mode, order_mode: Bits of `zepix_core.testing.fake_mt5.Masks`.
        stops_on_open: False for brokers which refuse stops in the opening request.
        selected: In Market Watch from the start.
        cold: Once selected it has zero prices until its next quote.
        volume_limit: Most volume of one direction in positions and orders, 0.0 for no limit.
        commission: Money of the account's currency for 1.00 lot and deal.
    """

    name: str
    bid: float = 0.0
    spread: int = 10
    digits: int = 5
    tick_size: float = 0.0
    contract_size: float = 100_000.0
    volume_min: float = 0.01
    volume_max: float = 100.0
    volume_step: float = 0.01
    volume_limit: float = 0.0
    stops_level: int = 0
    freeze_level: int = 0
    exemode: int = MT5.SYMBOL_TRADE_EXECUTION_MARKET
    trade_mode: int = MT5.SYMBOL_TRADE_MODE_FULL
    calc_mode: int = MT5.SYMBOL_CALC_MODE_FOREX
    filling_mode: int = Masks.FILLING_FOK | Masks.FILLING_IOC
    expiration_mode: int = 15
    order_mode: int = 127
    stops_on_open: bool = True
    selected: bool = True
    cold: bool = False
    commission: float = 0.0
    currency_base: str = "EUR"
    currency_profit: str = "USD"
    currency_margin: str = "EUR"
    path: str = "Forex"
    description: str = ""

    @property
    def point(self) -> float:
        """The last digit of a price."""
        return round(10.0**-self.digits, self.digits)

    @property
    def step(self) -> float:
        """Least step of a price."""
        return self.tick_size or self.point

    def points(self, distance: float) -> float:
        """A distance in price as points, without the noise of floating point."""
        return round(distance / self.point, 3)

    def price(self, value: float) -> float:
        """A price with the symbol's digits."""
        return round(value, self.digits)


def forex(name: str, bid: float, **changes: object) -> FakeSymbol:
    """A currency pair; 3 digits against the yen, else 5."""
    base, profit = name[:3], name[3:6]
    digits = 3 if profit == "JPY" else 5
    made = FakeSymbol(
        name=name,
        bid=bid,
        digits=digits,
        currency_base=base,
        currency_profit=profit,
        currency_margin=base,
        path=f"Forex\\{name}",
        description=f"{base} against {profit}",
    )
    return attrs.evolve(made, **changes)  # type: ignore[arg-type]


def gold(name: str = "XAUUSD", bid: float = 2400.0, **changes: object) -> FakeSymbol:
    """Gold in dollars: 2 digits, 100 ounces to the lot."""
    made = FakeSymbol(
        name=name,
        bid=bid,
        spread=30,
        digits=2,
        contract_size=100.0,
        volume_max=50.0,
        calc_mode=MT5.SYMBOL_CALC_MODE_CFDLEVERAGE,
        currency_base="XAU",
        currency_profit="USD",
        currency_margin="USD",
        path=f"Metals\\{name}",
        description="Gold against the dollar",
    )
    return attrs.evolve(made, **changes)  # type: ignore[arg-type]


def usual_symbols() -> tuple[FakeSymbol, ...]:
    """What the double trades when nothing else is asked for."""
    return (
        forex("EURUSD", 1.08500),
        forex("GBPUSD", 1.27000, spread=12),
        forex("USDJPY", 150.000, spread=12),
        forex("AUDUSD", 0.65000, spread=12, selected=False),
        gold(),
    )
