"""The plugin `combined_v3`: its declarations and hooks. What it decides stands in `decide`."""

from datetime import timedelta
from typing import Any, ClassVar

from zepix_core import (
    Alert,
    AlertClass,
    Capability,
    Change,
    Decision,
    LogicPlugin,
    ServiceAPI,
    Tick,
    TradeUpdate,
    Wake,
    encodable,
    hookimpl,
    read_object,
    read_stamp,
    stamp,
)
from zepix_plugins_v3 import daily, follow, handling, reconcile, report, store, tables, waking
from zepix_plugins_v3 import trade as trades
from zepix_plugins_v3.alert import Refusal, V3Alert, parse
from zepix_plugins_v3.config import V3Config
from zepix_plugins_v3.decide import decide, refused
from zepix_plugins_v3.duplicates import KEPT, NOT_ACCEPTED, Memory
from zepix_plugins_v3.facts import gather
from zepix_plugins_v3.follow import Affected, FollowRules
from zepix_plugins_v3.rules import HostRules, Rules
from zepix_plugins_v3.signals import Category
from zepix_plugins_v3.store import SignalRow
from zepix_plugins_v3.trade import Trade

# The log keeps whole seconds: an alert came up to this much later than its row says.
_FRACTION = timedelta(seconds=1) - timedelta.resolution


class CombinedV3(LogicPlugin):
    """Twelve Pine V3 signals, routed to three logics, each traded as a pair of orders."""

    name = "V3 Combined Logic"
    plugin_type = "V3_COMBINED"
    alerts: ClassVar = {
        "entry_v3": AlertClass.ENTRY,
        "exit_v3": AlertClass.EXIT,
        "squeeze_v3": AlertClass.INFO,
        "trend_pulse_v3": AlertClass.INFO,
    }
    capabilities = frozenset(
        {
            Capability.PLACE_DUAL_ORDERS_V3,
            Capability.PLACE_SINGLE_ORDER_A,  # re-entries
            Capability.PLACE_SINGLE_ORDER_B,  # profit chains
        }
    )
    config_model = V3Config
    database_group = "combined_v3"
    migrations = "zepix_plugins_v3.migrations"

    def __init__(self) -> None:
        self._memory = Memory()
        self._known: tuple[V3Config, HostRules, Rules] | None = None

    @hookimpl
    async def on_start(self, api: ServiceAPI) -> None:
        """Remember what was accepted lately, bring today's figures up to date, look at what is open."""
        rules, now = self._rules(api), api.now()
        start = now - timedelta(seconds=rules.duplicate_window) - KEPT
        for row in await api.db.read(lambda connection: store.since(connection, start)):
            self._recall(row, api)
        days = api.trading_days
        await api.db.run(lambda connection: daily.recompute(connection, days, days.day_of(now)))
        await reconcile.reconcile(api)

    @hookimpl
    async def on_alert(self, alert: Alert, api: ServiceAPI) -> Decision | None:
        """Check, decide, trade, note."""
        rules = self._rules(api)
        try:
            payload = alert.json()
        except ValueError:
            return report.unreadable()
        parsed = parse(payload, _symbols(api), enabled=rules.enabled)
        if isinstance(parsed, Refusal):
            return await self._refuse(alert, payload, parsed, api)
        row = _row(alert, payload, parsed)
        earlier = await api.db.run(lambda connection: store.log(connection, row))
        if earlier is not None and earlier.processed and parsed.signal.category is Category.ENTRY:
            return report.again(earlier, payload)
        before = self._memory.before(alert.key, alert.received_at, rules.duplicate_window)
        state, symbols = await gather(parsed, rules, before, api)
        decision = decide(parsed, state, rules, symbols)
        if decision.reason == "duplicate":
            self._memory.forget(alert.key)
        else:
            self._memory.remember(alert.key, alert.received_at, parsed)
        case = handling.Case(
            source=alert,
            payload=payload,
            alert=parsed,
            decision=decision,
            rules=rules,
            api=api,
            repeated=earlier is not None,
        )
        if case.repeated and parsed.signal.category is Category.ENTRY and decision.entry is None:
            results = await api.orders.get_order_results()
            if results:
                return await handling.resumed(case, results)
        return await handling.carry_out(case)

    @hookimpl
    async def on_trade_update(self, update: TradeUpdate, api: ServiceAPI) -> None:
        """Bring the trade's row, the day's figures and what follows the order up to date, once."""
        if update.shadow:
            return
        rules, days, now = self._rules(api), api.trading_days, stamp(api.now())
        following, facts = self._following(api), await waking.facts_of(update.symbol, api)

        def describe(row: SignalRow) -> Trade | None:
            alert = _read(row, api)
            if alert is None or alert.signal.category is not Category.ENTRY:
                return None
            return trades.of_alert(alert, rules, row.received_at)

        def work(connection: Any) -> Affected:
            trade = store.apply(connection, update, describe, now, follow.parent)
            affected = follow.take(connection, update, trade, facts, following, now)
            if trade is not None:
                entered = read_stamp(trade.entry_time)
                for day in sorted({days.day_of(entered), days.day_of(update.at)}):
                    daily.recompute(connection, days, day)
            return affected

        await waking.carry_on(await api.db.run(work), following, api)

    @hookimpl
    async def on_wake(self, wake: Wake, api: ServiceAPI) -> None:
        """A price or a time that a chain, a stop or a re-entry waited for has come."""
        await waking.woken(wake, self._following(api), api)

    @hookimpl
    def on_tick(self, tick: Tick, api: ServiceAPI) -> None:
        """Nothing is done on ticks, and the plugin asks for none: the host waits for prices (`on_wake`)."""

    @hookimpl
    def on_config_change(self, changes: tuple[Change, ...], api: ServiceAPI) -> None:
        """The next alert is decided by the new settings; one under way keeps those it began with."""
        self._known = None
        api.log("settings changed: " + ", ".join(change.key for change in changes))

    def _rules(self, api: ServiceAPI) -> Rules:
        config, host = api.config, HostRules.read(api.get_config)
        if self._known is None or self._known[0] is not config or self._known[1] != host:
            self._known = (config, host, Rules.of(config, host))
        return self._known[2]

    def _following(self, api: ServiceAPI) -> FollowRules:
        return FollowRules.of(api.config, self._rules(api), api.get_config("profit_booking_config", None))

    def _recall(self, row: SignalRow, api: ServiceAPI) -> None:
        alert = None if row.skip_reason in NOT_ACCEPTED else _read(row, api)
        if alert is not None:
            self._memory.remember(row.alert_key, row.received_at, alert, _FRACTION)

    async def _refuse(
        self, alert: Alert, payload: dict[str, Any], refusal: Refusal, api: ServiceAPI
    ) -> Decision | None:
        if refusal.code == "not_v3":
            return None
        row = _row(alert, payload, None)

        def work(connection: Any) -> None:
            store.log(connection, row)
            store.handled(connection, alert.key, refusal.code)

        await api.db.run(work)
        return report.decided(refused(refusal), payload)


def _symbols(api: ServiceAPI) -> frozenset[str]:
    """The symbol table. What the settings leave out stays known, so that its positions keep their exits;
    the host refuses entries on it. No list at all takes every symbol the host knows."""
    listed = api.config.symbols_allowed() or api.get_config("symbol_config", None) or ()
    return frozenset(tables.SYMBOLS) | frozenset(map(str.upper, listed))


def _read(row: SignalRow, api: ServiceAPI) -> V3Alert | None:
    try:
        parsed = parse(read_object(row.body), _symbols(api))
    except ValueError:
        return None
    return None if isinstance(parsed, Refusal) else parsed


def _row(alert: Alert, payload: dict[str, Any], parsed: V3Alert | None) -> SignalRow:
    """The log's row: canonical names once the message is understood, its own words before."""

    def word(key: str) -> str | None:
        value = payload.get(key)
        return encodable(value)[:200] if isinstance(value, str) else None

    score = payload.get("consensus_score")
    whole = isinstance(score, int) and not isinstance(score, bool) and 0 <= score <= 9
    return SignalRow(
        received_at=alert.received_at,
        signal_type=parsed.signal.id if parsed else word("signal_type") or "",
        symbol=parsed.symbol if parsed else word("symbol") or "",
        direction=parsed.side.value if parsed and parsed.side else word("direction"),
        timeframe=parsed.timeframe if parsed else word("tf"),
        score=parsed.score if parsed else (score if whole else None),
        trends=word("mtf_trends") or word("current_trends"),
        body=alert.body,
        alert_key=alert.key,
    )
