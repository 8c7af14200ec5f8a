"""Money facts of the account and its plugins, and limits that stay reached."""

import sqlite3
from collections.abc import Callable, Iterable
from datetime import date
from zoneinfo import ZoneInfo

import attrs

from zepix_core.broker.port import Broker
from zepix_core.clock import Clock
from zepix_core.config.risk import TradingSettings
from zepix_core.errors import BadArgument, BrokerOffline
from zepix_core.journal import events, host_state, outbox
from zepix_core.journal.control import HUMAN
from zepix_core.journal.intents import ours
from zepix_core.journal.ledger import OpenEntry, disputed_entries, open_entries
from zepix_core.journal.quotes import Quotes
from zepix_core.journal.tally import LossTally
from zepix_core.model.account import AccountInfo
from zepix_core.model.notice import Notice, Priority
from zepix_core.model.order import Book, Position
from zepix_core.rules.tiers import open_risk
from zepix_core.rules.trading_day import day_start_ns, parse_reset_time, trading_day
from zepix_core.services import risk
from zepix_core.services.calls import LimitState, RiskRequest, RiskState, RiskVerdict
from zepix_core.services.facts import PluginFacts
from zepix_core.services.gate_facts import RiskFacts
from zepix_core.storage.executor import Executor

CACHE_SECONDS = 1.0
LATCH = "latch:"
RESET = "lifetime_reset_ns"


@attrs.frozen(kw_only=True)
class Today:
    """The trading day: its name and its start in UTC nanoseconds."""

    day: date
    start_ns: int


class RiskBook:
    """Computes money facts from the journal's deals, the open entries and the account."""

    def __init__(
        self,
        executor: Executor,
        broker: Broker,
        clock: Clock,
        quotes: Quotes,
        settings: Callable[[], TradingSettings],
        account: str,
        moments: Callable[[], tuple[int, int]],
    ) -> None:
        self._moments = moments
        self._executor = executor
        self._broker = broker
        self._clock = clock
        self._quotes = quotes
        self._settings = settings
        self._account = account
        self._tally = LossTally()
        self._kept: tuple[float, AccountInfo] | None = None
        self._seen: tuple[float, tuple[Position, ...]] | None = None

    def today(self) -> Today:
        """The trading day that now is in; while the clock is in doubt the earlier, which counts more."""
        settings = self._settings()
        reset, zone = parse_reset_time(settings.daily_reset_time), ZoneInfo(settings.timezone)
        day = min(trading_day(moment, reset, zone) for moment in self._moments())
        return Today(day=day, start_ns=day_start_ns(day, reset, zone))

    def forget_account(self) -> None:
        """The account changed: ask the broker next time."""
        self._kept = None

    async def account(self) -> AccountInfo | None:
        """The account, at most a second old; ``None`` while the broker is away."""
        now = self._clock.monotonic()
        if self._kept is None or now - self._kept[0] >= CACHE_SECONDS:
            try:
                self._kept = (now, await self._broker.account())
            except BrokerOffline:
                self._kept = None
                return None
        return self._kept[1]

    async def _foreign(self) -> tuple[Position, ...]:
        """Live positions without a magic of ours, at most a second old.

        Raises:
            BrokerOffline: They cannot be read.
        """
        now = self._clock.monotonic()
        if self._seen is None or now - self._seen[0] >= CACHE_SECONDS:
            positions = await self._broker.positions(Book.LIVE)
            host = self._settings().host_id
            self._seen = (now, tuple(p for p in positions if not ours(p.magic, host)))
        return self._seen[1]

    async def state(self, plugin: PluginFacts) -> RiskState:
        """``api.risk`` facts of a plugin."""
        return risk.state(await self.facts(plugin), self._settings())

    async def limit(self, plugin: PluginFacts, which: str) -> LimitState:
        """``check_daily_limit`` or ``check_lifetime_limit``.

        Raises:
            BadArgument: ``which`` is neither ``daily`` nor ``lifetime``.
        """
        if which not in (risk.DAILY, risk.LIFETIME):
            raise BadArgument(f"There is no limit {which!r}.", "Limits: daily, lifetime.")
        return risk.limit_state(which, await self.facts(plugin), self._settings(), plugin)

    async def validate(self, plugin: PluginFacts, request: RiskRequest) -> RiskVerdict:
        """``validate_trade_risk``.

        Raises:
            BadArgument: The symbol is not configured.
        """
        info = self._quotes.symbol(request.symbol)
        if info is None:
            raise BadArgument(f"{request.symbol} is not a configured symbol.", "See symbol_config.")
        potential = request.sl_pips * info.pip_value * request.lot_size
        return risk.judge_risk(
            potential if request.sl_pips > 0 else 0.0,
            request.lot_size,
            await self.facts(plugin),
            self._settings(),
            plugin,
            volume_min=info.volume_min,
            volume_step=info.volume_step,
        )

    async def facts(self, plugin: PluginFacts) -> RiskFacts:
        """Money facts of a plugin in the book its entries go to."""
        entries = await self._executor.read(lambda connection: self.read(connection))
        return await self.facts_from(plugin, entries, frozenset())

    def read(self, connection: sqlite3.Connection) -> tuple[OpenEntry, ...]:
        """Bring the tally up to date inside a read transaction and return what is open.

        Positions that wait for a person count until somebody resumes. Nothing is returned where limits and
        caps are lifted: nobody asks for it there.
        """
        reset = host_state.read(connection, RESET) or 0
        self._tally.read(connection, self._clock.now_ns(), reset)
        if self._settings().lifted:
            return ()
        disputed = host_state.keys(connection, HUMAN)
        more = disputed_entries(connection, self._account) if disputed else ()
        return open_entries(connection, self._account) + more

    async def facts_from(
        self, plugin: PluginFacts, entries: tuple[OpenEntry, ...], closing: frozenset[int]
    ) -> RiskFacts:
        """Money facts with ``closing`` tickets counted as gone; latches limits that are reached."""
        book = Book.SHADOW if plugin.shadow else Book.LIVE
        today = self.today()
        account = await self.account()
        own = [
            entry for entry in entries
            if entry.intent.book is book and entry.intent.position_id not in closing
        ]  # fmt: skip
        counted = book is Book.LIVE and account is not None and not self._settings().lifted
        foreign: tuple[Position, ...] = ()
        try:
            foreign = await self._foreign() if counted else ()
        except BrokerOffline:
            account = None
        facts = RiskFacts(
            balance=None if account is None else account.balance,
            equity=None if account is None else account.equity,
            margin_free=None if account is None else account.margin_free,
            currency="USD" if account is None else account.currency,
            daily_loss=self._tally.since(book, today.start_ns),
            lifetime_loss=self._tally.lifetime(book),
            plugin_daily_loss=self._tally.since(book, today.start_ns, plugin.id),
            open_risk=self._open_risk(own) + self._foreign_risk(foreign),
            plugin_open_risk=self._open_risk(entry for entry in own if entry.intent.plugin == plugin.id),
        )
        if book is Book.SHADOW or self._settings().lifted:
            return facts
        return attrs.evolve(facts, latched=await self._latch(plugin, facts, today))

    async def reset_lifetime(self, by: str) -> None:
        """A person lifts the lifetime limit: losses count from now on."""

        def write(connection: sqlite3.Connection) -> None:
            host_state.write(connection, self._clock, RESET, self._clock.now_ns())
            host_state.erase(connection, f"{LATCH}{risk.LIFETIME}")
            events.append(connection, self._clock, "control", {"action": "reset_lifetime", "by": by})

        await self._executor.run(write)

    async def _latch(self, plugin: PluginFacts, facts: RiskFacts, today: Today) -> frozenset[str]:
        names = {
            risk.DAILY: f"{LATCH}daily:{today.day}",
            risk.PLUGIN: f"{LATCH}plugin:{plugin.id}:{today.day}",
            risk.LIFETIME: f"{LATCH}{risk.LIFETIME}",
        }
        known = await self._executor.read(
            lambda connection: frozenset(
                name for name, key in names.items() if host_state.read(connection, key) is not None
            )
        )
        new = risk.reached(facts, self._settings(), plugin) - known
        if new:
            await self._executor.run(lambda connection: self._reached(connection, plugin, facts, new, names))
        return known | new

    def _reached(
        self, connection: sqlite3.Connection, plugin: PluginFacts, facts: RiskFacts, new: frozenset[str],
        names: dict[str, str],
    ) -> None:  # fmt: skip
        for name in sorted(new):
            loss = {risk.DAILY: facts.daily_loss, risk.PLUGIN: facts.plugin_daily_loss}.get(
                name, facts.lifetime_loss
            )
            host_state.write(connection, self._clock, names[name], round(loss, 2))
            scope = plugin.id if name == risk.PLUGIN else "account"
            data = {"limit": name, "scope": scope, "loss": round(loss, 2)}
            events.append(connection, self._clock, "control", {"action": "limit_reached", **data})
            kind = "lifetime_loss_limit" if name == risk.LIFETIME else "daily_loss_limit"
            text = f"{scope}: {kind.replace('_', ' ')} reached with losses of {loss:.2f}; entries stop"
            outbox.put(
                connection, self._clock,
                Notice(type=kind, priority=Priority.CRITICAL, text=text, data=data, key=names[name]),
            )  # fmt: skip

    def _open_risk(self, entries: Iterable[OpenEntry]) -> float:
        total = 0.0
        for entry in entries:
            intent = entry.intent
            info = self._quotes.symbol(intent.symbol)
            price = intent.fill_price or intent.price
            if info is not None and intent.sl and price:
                total += open_risk(
                    intent.side.sign, price, intent.sl, entry.remaining, info.pip_size, info.pip_value
                )
        return total

    def _foreign_risk(self, positions: tuple[Position, ...]) -> float:
        total = 0.0
        for position in positions:
            info = self._quotes.symbol(position.symbol)
            if info is None or not position.sl:
                total += max(0.0, -position.profit)
            else:
                total += open_risk(
                    position.side.sign, position.price_open, position.sl, position.volume, info.pip_size,
                    info.pip_value,
                )  # fmt: skip
        return total
