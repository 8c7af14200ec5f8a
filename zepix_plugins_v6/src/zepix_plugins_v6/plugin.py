"""The four plugins: their declarations and hooks. What they decide stands in `decide`."""

import sqlite3
from typing import ClassVar

import attrs

from zepix_core import (
    Alert,
    Capability,
    Change,
    Decision,
    LogicPlugin,
    ServiceAPI,
    Tick,
    TradeUpdate,
    UpdateKind,
    Wake,
    hookimpl,
    read_stamp,
    stamp,
)
from zepix_plugins_v6 import (
    counting,
    daily,
    gather,
    handling,
    plan,
    protection,
    report,
    shared,
    store,
    trade_store,
    watch,
)
from zepix_plugins_v6 import trade as trades
from zepix_plugins_v6.alert import parse
from zepix_plugins_v6.config import IntradayConfig, MomentumConfig, ScalpingConfig, SwingConfig, V6Config
from zepix_plugins_v6.decide import decide, decide_shared, read_only, taken
from zepix_plugins_v6.decision import Body, V6Decision
from zepix_plugins_v6.duplicates import Memory
from zepix_plugins_v6.facts import Facts
from zepix_plugins_v6.feed import ENTRIES, EXITS, SHARED, PriceActionFeed
from zepix_plugins_v6.messages import Entry, Exit, NotV6, StateChange, TrendPulse, V6Message
from zepix_plugins_v6.profiles import INTRADAY, MOMENTUM, SCALPING, SWING, Profile
from zepix_plugins_v6.rules import Rules
from zepix_plugins_v6.store import SignalRow
from zepix_plugins_v6.trade import Trade


class PriceAction(LogicPlugin):
    """What the four plugins have in common; `profile` is what differs."""

    plugin_type = "V6_PRICE_ACTION"
    alerts: ClassVar = {**ENTRIES, **EXITS, **SHARED}
    database_group = "price_action"
    group_feed = PriceActionFeed
    migrations = "zepix_plugins_v6.migrations"
    profile: ClassVar[Profile]

    def __init__(self) -> None:
        self._memory = Memory()
        self._known: tuple[V6Config, Rules] | None = None
        self._watched: frozenset[str] = frozenset()

    @hookimpl
    async def on_start(self, api: ServiceAPI) -> None:
        """Remember what was taken lately, and bring today's figures up to date."""
        now, days = api.now(), api.trading_days
        await shared.recall(self._memory, self.profile.id, self._rules(api).cooldown, now, api)
        await api.db.run(lambda connection: daily.recompute(connection, days, days.day_of(now)))
        await counting.show(self.profile, api)
        await self._look_at_pulses(api)

    @hookimpl
    async def on_wake(self, wake: Wake, api: ServiceAPI) -> None:
        """See whether the pulses the plugin needs still come, or try once more to protect a position."""
        if not await protection.wake(wake, self._rules(api), api):
            await self._look_at_pulses(api)

    @hookimpl
    async def on_alert(self, alert: Alert, api: ServiceAPI) -> Decision | None:
        """Check, decide, trade, note, count."""
        message = parse(alert.body)
        if isinstance(message, NotV6):
            return report.ignored(message.reason)
        decision = await self._handle(alert, message, api)
        if isinstance(message, Entry | Exit):
            await counting.show(self.profile, api)
        return decision

    async def _handle(self, alert: Alert, message: Body, api: ServiceAPI) -> Decision | None:
        rules = self._rules(api)
        earlier = await shared.log(alert, message, api)
        handled = earlier is not None and earlier.processed
        if earlier is not None and isinstance(message, Entry | Exit):
            answer = report.again(earlier, message) if handled else await self._resume(alert, earlier, api)
            if answer is not None:
                return answer
        judged = handled and not isinstance(message, Entry | Exit)
        if judged and earlier is not None:
            # What concerns the group its feed has judged, once for all.
            age = 0.0 if earlier.skip_reason == store.NOT_TAKEN else None
        else:
            age = self._memory.age(alert.key, alert.received_at, alert.body, rules.cooldown)
        if not handled and not isinstance(message, Entry | Exit):
            await self._take_in(alert, message, age, api)
        if isinstance(message, TrendPulse | StateChange) and watch.needed(rules):
            await watch.check(rules, api)
        facts = await gather.gather(message, rules, alert.received_at, age, api)
        decision = decide(message, facts, rules)
        if isinstance(message, Entry) and self._wants_spread(decision):
            facts = await gather.with_spread(facts, message.ticker, api)
            decision = decide(message, facts, rules)
        if taken(decision) and not judged:
            self._memory.take(alert.key, alert.received_at, alert.body)
        case = handling.Case(source=alert, decision=decision, facts=facts, rules=rules, api=api)
        return await self._carry_out(case, message)

    async def _resume(self, alert: Alert, earlier: SignalRow, api: ServiceAPI) -> Decision | None:
        """Go on with an alert that a crash cut short; ``None``: it had done nothing, and is judged anew.

        An entry has done something once its orders were asked for, whatever is known of them by now: then
        neither the filters nor the settings of now are asked. An exit goes on with the closes it had written
        down.
        """
        message, rules = parse(alert.body), self._rules(api)
        if earlier.decided is None:
            return None
        if isinstance(message, Exit):
            found = plan.leaving(earlier.decided, message)
            if found is None:
                return None
            case = self._resumed(alert, found[0], rules, api)
            return await handling.leave(case, message, found[1])
        decision = plan.entry(earlier.decided, message) if isinstance(message, Entry) else None
        if decision is None or not isinstance(message, Entry):
            return None
        if earlier.trade_id is None and not await api.orders.get_order_results():
            return None
        case = self._resumed(alert, decision, rules, api)
        symbol = await gather.symbol_facts(message.ticker, api)
        return await handling.enter(
            attrs.evolve(case, facts=attrs.evolve(case.facts, symbol=symbol)), message
        )

    def _resumed(self, alert: Alert, decision: V6Decision, rules: Rules, api: ServiceAPI) -> handling.Case:
        self._memory.take(alert.key, alert.received_at, alert.body)
        facts = Facts(received_at=alert.received_at)
        return handling.Case(source=alert, decision=decision, facts=facts, rules=rules, api=api, resumed=True)

    def _wants_spread(self, decision: V6Decision) -> bool:
        return "spread" in self.profile.filters and (decision.reason == "spread" or bool(decision.orders))

    async def _carry_out(self, case: handling.Case, message: Body) -> Decision:
        decision = case.decision
        if isinstance(message, Entry) and decision.orders:
            return await handling.enter(case, message)
        if isinstance(message, Exit) and decision.reason is None:
            return await handling.leave(case, message)
        if isinstance(message, Entry | Exit):
            await handling.note(case, decision.reason)
        elif decision.closes and isinstance(message, TrendPulse | StateChange):
            return await handling.close(case, message.ticker)
        return report.decided(decision)

    @hookimpl
    async def on_trade_update(self, update: TradeUpdate, api: ServiceAPI) -> None:
        """Bring the trade's row and the day's figures up to date, and protect what a target left; a repeat
        changes nothing. A shadow trade has no row."""
        if update.kind is UpdateKind.REJECTED:
            await api.db.run(
                lambda connection: store.never_placed(connection, update.alert_key, update.reason)
            )
        trade = None if update.shadow else await self._keep_rows(update, api)
        await protection.after(update, trade, self._rules(api), api)
        if trade is not None:
            await counting.show(self.profile, api)

    @hookimpl
    def on_tick(self, tick: Tick, api: ServiceAPI) -> None:
        """Nothing is done on ticks, and the plugins ask for none: stops and targets are the broker's."""

    @hookimpl
    async def on_config_change(self, changes: tuple[Change, ...], api: ServiceAPI) -> None:
        """The next alert is decided by the new settings; one under way keeps those it began with."""
        self._known = None
        api.log("settings changed: " + ", ".join(change.key for change in changes))
        await self._look_at_pulses(api)

    async def _look_at_pulses(self, api: ServiceAPI) -> None:
        rules = self._rules(api)
        self._watched = await watch.check_all(rules, api, self._watched)
        await watch.check_later(rules, api)

    def _rules(self, api: ServiceAPI) -> Rules:
        config = api.config
        if self._known is None or self._known[0] is not config:
            self._known = (config, Rules.of(config))
        return self._known[1]

    async def _take_in(self, alert: Alert, message: Body, age: float | None, api: ServiceAPI) -> None:
        """What the group's feed has not done: without it the first plugin asked does it."""
        rows = api.trend.pulse_rows(message.ticker) if isinstance(message, V6Message) else ()
        facts = Facts(received_at=alert.received_at, same_age=age, rows=rows)
        await shared.take_in(alert, decide_shared(message, facts), api)

    async def _keep_rows(self, update: TradeUpdate, api: ServiceAPI) -> Trade | None:
        days, now, profile = api.trading_days, stamp(api.now()), self.profile

        def describe(row: SignalRow) -> Trade | None:
            message = parse(row.body)
            if not isinstance(message, Entry):
                return None
            observed = plan.observed(row.decided) or read_only(message)
            return trades.of_entry(profile, message, observed, stamp(row.received_at))

        def work(connection: sqlite3.Connection) -> Trade | None:
            trade = trade_store.apply(connection, profile, update, describe, now)
            if trade is not None:
                entered = read_stamp(trade.entry_time)
                for day in sorted({days.day_of(entered), days.day_of(update.at)}):
                    daily.recompute(connection, days, day)
            return trade

        return await api.db.run(work)


class PriceAction1m(PriceAction):
    """Scalping: order B at TP1 on 1-minute entries."""

    name = "V6 1M Scalping"
    timeframes = (SCALPING.timeframe,)
    capabilities = frozenset({Capability.PLACE_SINGLE_ORDER_B})
    config_model = ScalpingConfig
    profile = SCALPING


class PriceAction5m(PriceAction):
    """Momentum: a pair at TP2 and TP1 on 5-minute entries."""

    name = "V6 5M Momentum"
    timeframes = (MOMENTUM.timeframe,)
    capabilities = frozenset({Capability.PLACE_DUAL_ORDERS_V6})
    config_model = MomentumConfig
    profile = MOMENTUM


class PriceAction15m(PriceAction):
    """Intraday: order A at TP2 on 15-minute entries."""

    name = "V6 15M Intraday"
    timeframes = (INTRADAY.timeframe,)
    capabilities = frozenset({Capability.PLACE_SINGLE_ORDER_A})
    config_model = IntradayConfig
    profile = INTRADAY


class PriceAction1h(PriceAction):
    """Swing: order A at TP3 on 1-hour entries; half of it runs until the pulse turns."""

    name = "V6 1H Swing"
    timeframes = (SWING.timeframe,)
    capabilities = frozenset({Capability.PLACE_SINGLE_ORDER_A})
    config_model = SwingConfig
    profile = SWING
