"""What a decision needs to know, asked of the host."""

from decimal import Decimal

from zepix_core import ServiceAPI, SymbolInfo, exact
from zepix_plugins_v3.alert import V3Alert
from zepix_plugins_v3.decision import Accepted, OpenPosition, State
from zepix_plugins_v3.rules import Rules
from zepix_plugins_v3.signals import Category
from zepix_plugins_v3.stops import SymbolFacts
from zepix_plugins_v3.trends import PILLARS


async def gather(
    alert: V3Alert, rules: Rules, accepted: tuple[Accepted, ...], api: ServiceAPI
) -> tuple[State, dict[str, SymbolFacts]]:
    """The state and the symbol's facts; an alert that cannot trade needs neither money nor positions."""
    if alert.signal.category is Category.INFO:
        return State(accepted=accepted), {}
    orders = await api.orders.get_plugin_orders(alert.symbol)
    positions = tuple(OpenPosition(ticket=o.ticket, symbol=o.symbol, side=o.type) for o in orders)
    if alert.signal.category is Category.EXIT:
        return State(accepted=accepted, positions=positions), {}
    risk = await api.risk.state()
    info = await api.market.get_symbol_info(alert.symbol)
    facts = None if info is None else symbol_facts(info)
    state = State(
        balance=_money(risk.balance),
        daily_loss=_money(risk.daily_loss),
        lifetime_loss=_money(risk.lifetime_loss),
        positions=positions,
        accepted=accepted,
        trends=_stored_trends(alert, rules, api),
    )
    return state, {} if facts is None else {alert.symbol: facts}


def symbol_facts(info: SymbolInfo) -> SymbolFacts | None:
    """A symbol's facts as decimals, ``None`` when one of them is missing."""
    if not (info.pip_size > 0 and info.pip_value > 0 and info.digits >= 0):
        return None
    return SymbolFacts(pip_size=exact(info.pip_size), pip_value=exact(info.pip_value), digits=info.digits)


def _stored_trends(alert: V3Alert, rules: Rules, api: ServiceAPI) -> dict[str, dict[str, int]]:
    """The store is asked only when the alert does not say; a symbol never set stays unknown."""
    if not rules.check_trends or alert.trends is not None:
        return {}
    pillars = {name: api.trend.get_timeframe_trend(alert.symbol, name) for name in PILLARS}
    known = {name: pillar.value for name, pillar in pillars.items() if pillar.last_updated is not None}
    return {alert.symbol: known} if known else {}


def _money(value: float | None) -> Decimal | None:
    return None if value is None else exact(float(value))
