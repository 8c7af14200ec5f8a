"""What a decision needs to know, asked of the host; what is not known stays ``None``."""

from datetime import datetime
from decimal import Decimal

import attrs

from zepix_core import PluginOrder, ServiceAPI, exact
from zepix_plugins_v6 import store
from zepix_plugins_v6.alert import parse
from zepix_plugins_v6.decision import Body
from zepix_plugins_v6.exits import EXIT_REASON
from zepix_plugins_v6.facts import Facts, OwnPosition, SymbolFacts, known
from zepix_plugins_v6.messages import Entry, Exit, MomentumChange, StateChange, TrendPulse
from zepix_plugins_v6.rules import Rules


async def gather(
    message: Body, rules: Rules, received_at: datetime, same_age: float | None, api: ServiceAPI
) -> Facts:
    """The facts about one message; one that cannot trade needs neither money nor positions."""
    facts = Facts(received_at=received_at, same_age=same_age)
    profile = rules.profile
    if isinstance(message, TrendPulse | StateChange):
        rows = api.trend.pulse_rows(message.ticker)
        held = await positions(message.ticker, rules, api) if profile.keeps_runner else ()
        return attrs.evolve(facts, rows=rows, positions=held)
    if not isinstance(message, Entry | Exit) or message.timeframe != profile.timeframe:
        return facts
    symbol = await symbol_facts(message.ticker, api)
    if isinstance(message, Exit):
        held = await positions(message.ticker, rules, api)
        if held and profile.winners != profile.others:
            # Who is in profit is told by the price of now, which on paper is the message's.
            await api.market.get_current_price_data(message.ticker)
            held = await positions(message.ticker, rules, api)
        return attrs.evolve(facts, symbol=symbol, positions=held)
    return attrs.evolve(
        facts,
        symbol=symbol,
        balance=known((await api.risk.state()).balance),
        rows=api.trend.pulse_rows(message.ticker),
        momentum=await momentum(message.ticker, profile.timeframe, api),
    )


async def with_spread(facts: Facts, symbol: str, api: ServiceAPI) -> Facts:
    """The facts with the present spread. Asked only where it counts: a message that is refused for something
    else must not make the paper market take its price."""
    return attrs.evolve(facts, spread_pips=known(await api.market.get_current_spread(symbol)))


async def symbol_facts(symbol: str, api: ServiceAPI) -> SymbolFacts | None:
    """What sizes and prices of a symbol need."""
    return SymbolFacts.of(await api.market.get_symbol_info(symbol))


async def momentum(symbol: str, timeframe: str, api: ServiceAPI) -> str | None:
    """Last word of a momentum message of a symbol and chart."""
    body = await api.db.read(lambda connection: store.momentum_body(connection, symbol, timeframe))
    message = None if body is None else parse(body)
    return message.momentum if isinstance(message, MomentumChange) else None


async def positions(symbol: str, rules: Rules, api: ServiceAPI) -> tuple[OwnPosition, ...]:
    """The plugin's open positions of a symbol in both books, oldest first."""
    orders = await api.orders.get_plugin_orders(symbol)
    return tuple(_position(order, rules, api.plugin_id) for order in orders)


def _position(order: PluginOrder, rules: Rules, plugin: str) -> OwnPosition:
    left = rules.profile.keeps_runner and any(part.reason == EXIT_REASON for part in order.parts)
    return OwnPosition(
        ticket=order.ticket,
        plugin=plugin,
        symbol=order.symbol,
        side=order.type,
        volume=exact(order.volume),
        leg=order.leg,
        profit=known(order.profit) or Decimal(0),
        price_open=exact(order.price_open),
        sl=exact(order.sl) if order.sl else None,
        pair=order.alert_key,
        runner=left,
    )
