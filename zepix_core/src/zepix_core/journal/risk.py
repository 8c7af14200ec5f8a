"""Money facts of the account and its plugins, and limits that stay reached."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date

import attrs

from zepix_core.broker.port import Broker
from zepix_core.clock import Clock, iso
from zepix_core.config.risk import TradingSettings
from zepix_core.errors import BadArgument, BrokerOffline
from zepix_core.journal import host_state, latches, recount, totals
from zepix_core.journal.control import HUMAN
from zepix_core.journal.exposure import worst_case
from zepix_core.journal.latches import Forgiven, Kept
from zepix_core.journal.ledger import OpenEntry, disputed_entries, open_entries
from zepix_core.journal.quotes import Quotes
from zepix_core.journal.totals import MILLION, Totals
from zepix_core.model.account import AccountInfo
from zepix_core.model.limits import ACCOUNT, DAILY, LIFETIME, Latch, LimitRow, lift_command
from zepix_core.model.market import SymbolInfo
from zepix_core.model.order import Book, Position
from zepix_core.rules.tiers import Limit
from zepix_core.rules.trading_day import TradingDays, day_start_ns, trading_day
from zepix_core.services import risk
from zepix_core.services.calls import (
    LimitState,
    RiskCheck,
    RiskCheckRequest,
    RiskRequest,
    RiskState,
    RiskVerdict,
)
from zepix_core.services.facts import PluginFacts
from zepix_core.services.gate_facts import RiskFacts
from zepix_core.storage.executor import Executor

CACHE_SECONDS = 1.0
WARN_AT = 0.8
EVERYBODY = PluginFacts(id="core")


@attrs.frozen(kw_only=True)
class Today:
    """The trading day: its name, its start and its end in UTC nanoseconds."""

    day: date
    start_ns: int
    end_ns: int


@attrs.frozen(kw_only=True)
class Standing:
    """What the journal knows about money at one moment, of one read.

    Attributes:
        entries: What is open or on its way; nothing where limits and caps are lifted.
        kept: Latches, forgiven losses, warnings.
    """

    entries: tuple[OpenEntry, ...]
    totals: Mapping[Book, Totals]
    kept: Kept


class RiskBook:
    """Computes money facts from the journal's totals, the open entries, and the account.

    Attributes:
        plugins: Gives the facts of every plugin that may trade, for limits nobody is just asking about.
    """

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
        self._kept: tuple[float, AccountInfo] | None = None
        self._seen: dict[Book, tuple[float, tuple[Position, ...]]] = {}
        self._looked: object = None
        self._counted_by = ""
        self._asked: dict[str, PluginFacts] = {}
        self.plugins: Callable[[], Iterable[PluginFacts]] = lambda: self._asked.values()

    # The trading day.

    @property
    def days(self) -> TradingDays:
        """The trading days by the settings in force."""
        settings = self._settings()
        return TradingDays.named(settings.daily_reset_time, settings.timezone)

    def today(self) -> Today:
        """The trading day that now is in; while the clock is in doubt the earlier, which counts more."""
        days = self.days
        day = min(trading_day(moment, days.reset, days.zone) for moment in self._moments())
        start = day_start_ns(day, days.reset, days.zone)
        return Today(day=day, start_ns=start, end_ns=days.around(start)[1])

    def day_start(self, time_ns: int) -> int:
        """Start of the trading day that a moment belongs to, UTC nanoseconds."""
        return self.days.around(time_ns)[0]

    async def prepare(self) -> None:
        """Bring the totals to the days of the settings; does nothing when they are."""
        days = self.days
        mark = recount.mark_of(days)
        if mark == self._counted_by:
            return

        def work(connection: sqlite3.Connection) -> None:
            recount.ensure(connection, self._clock, days)
            host_state.write(connection, self._clock, totals.ACCOUNT, self._account)

        await self._executor.run(work)
        self._counted_by = mark

    # What the broker says, at most a second old.

    def forget_account(self) -> None:
        """The account changed: ask the broker next time."""
        self._kept = None
        self._seen.clear()

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

    async def _positions(self, book: Book) -> tuple[Position, ...]:
        now, seen = self._clock.monotonic(), self._seen.get(book)
        if seen is None or now - seen[0] >= CACHE_SECONDS:
            seen = self._seen[book] = (now, await self._broker.positions(book))
        return seen[1]

    # What plugins ask.

    async def state(self, plugin: PluginFacts) -> RiskState:
        """``api.risk`` facts of a plugin."""
        return risk.state(await self.facts(plugin), self._settings())

    async def limit(self, plugin: PluginFacts, which: str) -> LimitState:
        """``check_daily_limit`` or ``check_lifetime_limit``.

        Raises:
            BadArgument: ``which`` is neither ``daily`` nor ``lifetime``.
        """
        if which not in (DAILY, LIFETIME):
            raise BadArgument(f"There is no limit {which!r}.", "Limits: daily, lifetime.")
        return risk.limit_state(which, await self.facts(plugin), self._settings(), plugin)

    async def validate(self, plugin: PluginFacts, request: RiskRequest) -> RiskVerdict:
        """``validate_trade_risk``.

        Raises:
            BadArgument: The symbol is not configured.
        """
        info = self._info(request.symbol)
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

    async def check(self, plugin: PluginFacts, request: RiskCheckRequest) -> RiskCheck:
        """``check_risk_limits``.

        Raises:
            BadArgument: The symbol is not configured.
        """
        info = self._info(request.symbol)
        facts = await self.facts(plugin)
        try:
            needed = await self._broker.margin(request.symbol, request.lot_size)
        except BrokerOffline:
            needed = None
        return risk.check_limits(request, facts, self._settings(), plugin, info, needed)

    async def more(self, plugin: PluginFacts, more: float, whole: float) -> tuple[str, str] | None:
        """Why ``more`` money may not be put at risk for a position that then loses ``whole``; ``None``: it
        may."""
        facts = await self.facts(plugin)
        return risk.judge_more(more, whole, facts, self._settings(), plugin)

    def plugin(self, plugin: str) -> PluginFacts:
        """Facts of a plugin that somebody else asks for; without caps of its own when it is not known."""
        known = (facts for facts in self.plugins() if facts.id == plugin)
        return next(known, PluginFacts(id=plugin))

    # Facts.

    def _info(self, symbol: str) -> SymbolInfo:
        info = self._quotes.symbol(symbol)
        if info is None:
            raise BadArgument(f"{symbol} is not a configured symbol.", "See symbol_config.")
        return info

    async def facts(self, plugin: PluginFacts) -> RiskFacts:
        """Money facts of a plugin in the book its entries go to."""
        await self.prepare()
        standing = await self._executor.read(self.read)
        return await self.facts_from(plugin, standing, frozenset())

    def read(self, connection: sqlite3.Connection) -> Standing:
        """All about money inside a read transaction.

        Positions that wait for a person count until somebody resumes.
        """
        entries: tuple[OpenEntry, ...] = ()
        if not self._settings().lifted:
            entries = open_entries(connection, self._account)
            if host_state.keys(connection, HUMAN):
                entries += disputed_entries(connection, self._account)
        start = self.today().start_ns
        sums = {book: totals.read(connection, self._account, book, start) for book in Book}
        return Standing(entries=entries, totals=sums, kept=latches.read(connection, self._account))

    async def facts_from(self, plugin: PluginFacts, standing: Standing, closing: frozenset[int]) -> RiskFacts:
        """Money facts with ``closing`` tickets at what they float at; latches limits that are reached."""
        lifted = self._settings().lifted
        facts = await self._facts(plugin, standing, closing)
        if plugin.shadow or lifted:
            return facts
        self._asked[plugin.id] = plugin
        facts = self._with_latches(facts, plugin, standing.kept)
        new = risk.reached(facts, self._settings(), plugin) - facts.latched
        if not new:
            return facts
        made = [latch for name, latch in self._latches(plugin, facts) if name in new]
        await self._executor.run(lambda c: latches.close(c, self._clock, self._account, made))
        return attrs.evolve(facts, latched=facts.latched | new, latches=(*facts.latches, *made))

    async def _facts(self, plugin: PluginFacts, standing: Standing, closing: frozenset[int]) -> RiskFacts:
        book = Book.SHADOW if plugin.shadow else Book.LIVE
        today, sums = self.today(), standing.totals[book]
        account = await self.account()
        entries = [entry for entry in standing.entries if entry.intent.book is book]
        positions: tuple[Position, ...] = ()
        try:
            if account is not None and not self._settings().lifted:
                positions = await self._positions(book)
        except BrokerOffline:
            account = None
        stake = worst_case(entries, positions, self._quotes, closing)
        forgiven = standing.kept.forgiven if book is Book.LIVE else {}
        return RiskFacts(
            balance=None if account is None else account.balance,
            equity=None if account is None else account.equity,
            margin_free=None if account is None else account.margin_free,
            currency="USD" if account is None else account.currency,
            daily_loss=_less(sums.lost_today(), forgiven.get((DAILY, ACCOUNT)), today.start_ns),
            lifetime_loss=_less(sums.lost(), forgiven.get((LIFETIME, ACCOUNT))),
            plugin_daily_loss=_less(
                sums.lost_today(plugin.id), forgiven.get((DAILY, plugin.id)), today.start_ns
            ),
            plugin_lifetime_loss=_less(sums.lost(plugin.id), forgiven.get((LIFETIME, plugin.id))),
            open_risk=stake.account,
            plugin_open_risk=stake.plugins.get(plugin.id, 0.0),
            unvalued=tuple(sorted(stake.unvalued)),
            day_end_ns=today.end_ns,
        )

    def _with_latches(self, facts: RiskFacts, plugin: PluginFacts, kept: Kept) -> RiskFacts:
        now = min(self._moments())
        holding = tuple(
            latch
            for (_, scope), latch in kept.latches.items()
            if scope in (ACCOUNT, plugin.id) and latch.holds(now)
        )
        names = frozenset(risk.NAMES[latch.which, latch.scope == ACCOUNT] for latch in holding)
        return attrs.evolve(facts, latched=names, latches=holding)

    def _latches(self, plugin: PluginFacts, facts: RiskFacts) -> Iterator[tuple[str, Latch]]:
        for which, limit in risk.all_limits(facts, self._settings(), plugin):
            yield risk.name_of(which, limit), Latch(
                which=which, scope=limit.scope, loss=round(limit.loss, 2), limit=limit.limit,
                since_ns=self._clock.now_ns(), until_ns=facts.day_end_ns if which == DAILY else None,
            )  # fmt: skip

    # What people see and do.

    async def look(self) -> None:
        """Latch what is reached and warn of what is near, without waiting for the next entry; cheap while
        nothing is lost."""
        if self._settings().lifted:
            return
        await self.prepare()
        standing = await self._executor.read(self.read)
        mark = (standing.totals[Book.LIVE], self.today().day, standing.kept)
        if mark == self._looked or await self.account() is None:
            return
        for plugin in (EVERYBODY, *self._traders()):
            facts = await self.facts_from(plugin, standing, frozenset())
            await self._warn(plugin, facts, standing.kept)
            standing = await self._executor.read(self.read)
        self._looked = (standing.totals[Book.LIVE], self.today().day, standing.kept)

    async def rows(self) -> tuple[LimitRow, ...]:
        """Every limit as it stands: the account's, then each plugin's. Nothing without a balance."""
        found: dict[tuple[str, str], LimitRow] = {}
        for plugin in (EVERYBODY, *self._traders()):
            facts = await self.facts(plugin)
            for which, limit in risk.all_limits(facts, self._settings(), plugin):
                row = attrs.evolve(_row(which, limit, facts), lifted=self._settings().lifted)
                found.setdefault((which, limit.scope), row)
        return tuple(found.values())

    async def reset(self, which: str, scope: str, by: str) -> float:
        """A person lifts a limit: losses until now count no more. Returns what they were.

        Raises:
            BadArgument: There is no such limit.
        """
        if which not in (DAILY, LIFETIME):
            raise BadArgument(f"There is no limit {which!r}.", "Limits: daily, lifetime.")
        await self.prepare()

        def write(connection: sqlite3.Connection) -> float:
            start = self.today().start_ns
            sums = totals.read(connection, self._account, Book.LIVE, start)
            plugin = None if scope == ACCOUNT else scope
            lost = sums.lost_today(plugin) if which == DAILY else sums.lost(plugin)
            day = start if which == DAILY else 0
            kept = latches.read(connection, self._account)
            before = _less(lost, kept.forgiven.get((which, scope)), day)
            forgiven = Forgiven(lost=lost, day_ns=day)
            latches.forgive(connection, self._clock, self._account, which, scope, forgiven, by, before)
            return before

        return await self._executor.run(write)

    def _traders(self) -> list[PluginFacts]:
        return [plugin for plugin in self.plugins() if not plugin.shadow and plugin.id != EVERYBODY.id]

    async def _warn(self, plugin: PluginFacts, facts: RiskFacts, kept: Kept) -> None:
        start = self.today().start_ns
        for limit in risk.daily_limits(facts, self._settings(), plugin):
            near = limit.open and limit.loss >= WARN_AT * limit.limit
            if near and kept.warned.get((DAILY, limit.scope)) != start:
                await self._executor.run(
                    lambda c, one=limit: latches.warn(c, self._clock, self._account, one, start)  # type: ignore[misc]
                )


def _less(lost: int, forgiven: Forgiven | None, day_ns: int = 0) -> float:
    """Losses in money without those that a person lifted on the same day."""
    off = forgiven.lost if forgiven is not None and forgiven.day_ns == day_ns else 0
    return max(0, lost - off) / MILLION


def _row(which: str, limit: Limit, facts: RiskFacts) -> LimitRow:
    latch = next((one for one in facts.latches if (one.which, one.scope) == (which, limit.scope)), None)
    open_risk = risk.open_risk_of(limit, facts)
    until = latch.until_ns if latch is not None else None
    return LimitRow(
        which=which,
        scope=limit.scope,
        loss=round(limit.loss, 2),
        limit=limit.limit,
        open_risk=round(open_risk, 2),
        remaining=0.0 if latch is not None else round(max(0.0, limit.remaining - open_risk), 2),
        reached=latch is not None,
        since=None if latch is None else iso(latch.since_ns),
        until=None if until is None else iso(until),
        lift="" if latch is None else lift_command(which, limit.scope),
    )
