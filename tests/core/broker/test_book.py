"""The paper book as a state machine: whatever is asked, its sums agree."""

from decimal import Decimal

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from zepix_core.broker.paper.book import Change, PaperBook, weigh
from zepix_core.broker.paper.execution import Facts, execute, stopped_out, triggered
from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.broker.paper.symbols import paper_symbols
from zepix_core.broker.retcodes import Retcode
from zepix_core.model.market import Side, SymbolInfo, Tick, TradeMode
from zepix_core.model.order import Action, Book, DealEntry, DealReason, OrderRequest
from zepix_core.rules.decimals import exact
from zepix_core.testing.clock import START_NS

INFOS = {symbol.info.name: symbol.info for symbol in paper_symbols(PaperSettings(), {})}
FRESH = PaperBook(kind=Book.LIVE, balance=Decimal("10000.00"))
HOUR = 3600 * 10**9
LEVERAGE = 100


def tick(bid: float, symbol: str = "EURUSD") -> Tick:
    spread = {"EURUSD": 0.0001, "XAUUSD": 0.2}[symbol]
    return Tick(symbol=symbol, bid=round(bid, 5), ask=round(bid + spread, 5), time_ns=START_NS)


def facts(*quotes: Tick, now_ns: int = START_NS, infos: dict[str, SymbolInfo] = INFOS) -> Facts:
    by_symbol = {quote.symbol: quote for quote in quotes}
    return Facts(infos=infos, quotes=by_symbol.get, now_ns=now_ns, leverage=LEVERAGE)


def entry(**changes: object) -> OrderRequest:
    request = OrderRequest(
        intent_id="i", action=Action.OPEN, symbol="EURUSD", side=Side.BUY, lots=0.1, comment="t:i:A", magic=7
    )
    return attrs.evolve(request, **changes)  # type: ignore[arg-type]


def code(request: OrderRequest, known: Facts, book: PaperBook = FRESH) -> int:
    return execute(book, request, known).reply.retcode


def opened(request: OrderRequest, known: Facts, book: PaperBook = FRESH) -> PaperBook:
    change = execute(book, request, known).change
    assert change is not None
    return book.apply(change)


NOW = facts(tick(1.10000))


def test_stops_nearer_than_the_stops_level_are_refused() -> None:
    assert INFOS["EURUSD"].stops_level == 10
    assert code(entry(sl=1.09991), NOW) == Retcode.INVALID_STOPS
    assert code(entry(sl=1.09990), NOW) == Retcode.DONE
    assert code(entry(tp=1.10009), NOW) == Retcode.INVALID_STOPS
    assert code(entry(tp=1.10010), NOW) == Retcode.DONE
    assert code(entry(side=Side.SELL, sl=1.10019), NOW) == Retcode.INVALID_STOPS
    assert code(entry(side=Side.SELL, sl=1.10020, tp=1.10000), NOW) == Retcode.DONE


def test_a_stop_with_too_many_digits_is_refused_not_rounded() -> None:
    assert code(entry(sl=1.090005), NOW) == Retcode.INVALID_STOPS


def test_numbers_that_are_none_are_refused() -> None:
    for bad in ({"sl": float("nan")}, {"tp": float("inf")}, {"sl": -1.0}, {"lots": float("nan")}):
        assert code(entry(**bad), NOW) == Retcode.INVALID
    assert code(entry(comment="x" * 32), NOW) == Retcode.INVALID


def test_without_a_price_nothing_fills() -> None:
    assert code(entry(symbol="GBPUSD"), NOW) == Retcode.PRICE_OFF


def test_a_shut_market_takes_neither_entries_nor_closes_nor_changes() -> None:
    book = opened(entry(), NOW)
    (position,) = book.positions.values()
    shut = facts(tick(1.1), now_ns=START_NS + 5 * 24 * HOUR)
    close = entry(action=Action.CLOSE, position=position.ticket)
    assert code(entry(), shut) == Retcode.MARKET_CLOSED
    assert code(close, shut, book) == Retcode.MARKET_CLOSED
    assert code(attrs.evolve(close, action=Action.MODIFY, sl=1.0), shut, book) == Retcode.MARKET_CLOSED


def test_gold_rests_between_22_and_23() -> None:
    gold = tick(2000.0, "XAUUSD")
    assert code(entry(symbol="XAUUSD"), facts(gold, now_ns=START_NS + 10 * HOUR)) == Retcode.MARKET_CLOSED
    assert code(entry(symbol="XAUUSD"), facts(gold, now_ns=START_NS + 11 * HOUR)) == Retcode.DONE


def test_nothing_triggers_while_the_market_is_shut() -> None:
    book = opened(entry(sl=1.09), NOW)
    low = tick(1.05)
    assert triggered(book, low, facts(low, now_ns=START_NS + 5 * 24 * HOUR)) == (book, ())
    assert triggered(book, low, facts(low))[0].positions == {}


def test_the_trade_mode_is_obeyed_with_its_own_codes() -> None:
    answers = {
        mode: [
            code(
                entry(side=side),
                facts(tick(1.1), infos={"EURUSD": attrs.evolve(INFOS["EURUSD"], trade_mode=mode)}),
            )
            for side in Side
        ]
        for mode in TradeMode
    }
    assert answers == {
        TradeMode.FULL: [Retcode.DONE, Retcode.DONE],
        TradeMode.LONGONLY: [Retcode.DONE, Retcode.LONG_ONLY],
        TradeMode.SHORTONLY: [Retcode.SHORT_ONLY, Retcode.DONE],
        TradeMode.CLOSEONLY: [Retcode.CLOSE_ONLY, Retcode.CLOSE_ONLY],
        TradeMode.DISABLED: [Retcode.TRADE_DISABLED, Retcode.TRADE_DISABLED],
    }


def test_a_close_names_its_symbol() -> None:
    book = opened(entry(), NOW)
    (ticket,) = book.positions
    wrong = entry(action=Action.CLOSE, position=ticket, symbol="XAUUSD")
    assert code(wrong, facts(tick(1.1), tick(2000.0, "XAUUSD")), book) == Retcode.INVALID


def test_a_gap_fills_the_stop_at_the_gapped_price_and_says_so() -> None:
    book = opened(entry(sl=1.09, tp=1.2), NOW)
    _, (change,) = triggered(book, tick(1.08), facts(tick(1.08)))
    (deal,) = change.deals
    assert (deal.price, deal.reason, deal.comment) == (1.08, DealReason.SL, "[sl 1.09000]")
    assert deal.profit == -201.0
    assert (deal.magic, change.orders[0].comment) == (7, "[sl 1.09000]")


def test_the_largest_loss_is_closed_first_when_margin_runs_out() -> None:
    book = opened(entry(lots=4.0), NOW)
    book = opened(entry(lots=5.0), NOW, book)
    low = facts(tick(1.09230))
    after, changes = stopped_out(book, low, 50.0)
    assert [(c.deals[0].volume, c.deals[0].reason) for c in changes] == [(5.0, DealReason.SO)]
    level = weigh(after, INFOS, low.quotes, LEVERAGE).level
    assert level is not None and level >= 50


def test_a_position_in_a_symbol_without_facts_stays_and_is_shown() -> None:
    book = opened(entry(), NOW)
    lost = facts(tick(1.2), infos={})
    assert weigh(book, {}, lost.quotes, LEVERAGE).equity == book.balance
    assert code(entry(action=Action.CLOSE, position=1), lost, book) == Retcode.INVALID


POINTS = st.integers(105_000, 115_000).map(lambda points: points / 100_000)
LEVELS = st.one_of(st.just(0.0), POINTS)
ENTRIES = st.builds(
    entry,
    side=st.sampled_from(Side),
    lots=st.integers(1, 60).map(lambda n: n / 100),
    sl=LEVELS,
    tp=LEVELS,
)
STEPS = st.lists(
    st.one_of(
        ENTRIES,
        POINTS,
        st.tuples(
            st.sampled_from([Action.CLOSE, Action.MODIFY]),
            st.integers(0, 9),
            st.integers(1, 60),
            LEVELS,
            LEVELS,
        ),
    ),
    max_size=30,
)


class Run:
    """Plays steps against one book and keeps every change."""

    def __init__(self, kind: Book) -> None:
        self.start = attrs.evolve(FRESH, kind=kind)
        self.book = self.start
        self.quote = tick(1.1)
        self.changes: list[Change] = []

    def play(self, step: object) -> None:
        if isinstance(step, float):
            self.quote = tick(step)
            self.book, made = triggered(self.book, self.quote, self.facts)
            self.changes += made
            self.book, made = stopped_out(self.book, self.facts, 50.0)
            self.changes += made
        elif isinstance(step, OrderRequest):
            self.send(attrs.evolve(step, book=self.book.kind))
        elif isinstance(step, tuple):
            action, index, lots, sl, tp = step
            tickets = [*self.book.positions, 0]
            ticket = tickets[index % len(tickets)]
            self.send(
                entry(action=action, position=ticket, lots=lots / 100, sl=sl, tp=tp, book=self.book.kind)
            )

    def send(self, request: OrderRequest) -> None:
        done = execute(self.book, request, self.facts)
        executed = {Retcode.DONE}
        assert (done.change is not None) == (done.reply.retcode in executed)
        if done.change is None:
            return
        self.book = self.book.apply(done.change)
        self.changes.append(done.change)
        position = self.book.positions.get(done.reply.position)
        if request.action is Action.OPEN:
            assert position is not None and (position.sl, position.tp) == (request.sl, request.tp)

    @property
    def facts(self) -> Facts:
        return facts(self.quote)


@settings(max_examples=150)
@given(st.sampled_from(Book), STEPS)
def test_sums_of_the_book_agree_after_any_steps(kind: Book, steps: list[object]) -> None:
    run = Run(kind)
    for step in steps:
        run.play(step)
    deals = [deal for change in run.changes for deal in change.deals]
    assert run.book.balance == run.start.balance + sum((exact(d.profit) for d in deals), Decimal(0))
    held: dict[int, Decimal] = {}
    for deal in deals:
        sign = 1 if deal.entry is DealEntry.IN else -1
        held[deal.position] = held.get(deal.position, Decimal(0)) + sign * exact(deal.volume)
    assert {t: lots for t, lots in held.items() if lots} == {
        t: exact(p.volume) for t, p in run.book.positions.items()
    }


@settings(max_examples=150)
@given(st.sampled_from(Book), STEPS)
def test_tickets_only_grow_and_shadow_tickets_are_negative(kind: Book, steps: list[object]) -> None:
    run = Run(kind)
    for step in steps:
        run.play(step)
    tickets = [t for c in run.changes for t in (*(o.ticket for o in c.orders), *(d.ticket for d in c.deals))]
    assert all((ticket < 0) == (kind is Book.SHADOW) for ticket in tickets)
    assert [abs(t) for t in tickets] == sorted({abs(t) for t in tickets})


@settings(max_examples=150)
@given(STEPS)
def test_no_quote_leaves_a_position_beyond_its_stop(steps: list[object]) -> None:
    run = Run(Book.LIVE)
    for step in steps:
        run.play(step)
        for position in run.book.positions.values():
            price = run.quote.closing(position.side)
            assert position.sl == 0 or (price - position.sl) * position.side.sign > 0
            assert position.tp == 0 or (price - position.tp) * position.side.sign < 0
