"""Where the double is known to differ from a terminal, or where nobody has looked yet."""

KNOWN_DIVERGENCES = (
    "There is no depth of market: market_book_get of a subscribed symbol is empty.",
    "Commission is one amount for each lot and deal; there are no tiers.",
    "There is no swap calendar: swap comes only from charge_swap.",
    "Margin is contract times price by leverage; hedged volume and margin tiers bring nothing off.",
    "No dealer rejects anything unless a test asks for it.",
    "Targets and limit orders fill at their level, never better; stops fill at the quote.",
    "A stop-out closes positions only; waiting orders stay.",
    "What CLOSE_BY leaves of the larger position stands under the older ticket with its own identifier.",
    "Bars before the first quote are walks of their own for each timeframe and do not add up to each other.",
    "Deals are stamped by the trade server's clock also when no quote comes; ticks are not.",
    "A call from a second thread while one is in progress raises; the real module does not notice.",
    "Texts of return codes, and codes of rare refusals, are not confirmed by a terminal.",
)
"""One sentence each."""
