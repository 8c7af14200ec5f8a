"""The book of levels answers as a plain look at every level would."""

import math

from hypothesis import given
from hypothesis import strategies as st

from zepix_core.journal.levels import Level, LevelBook, Shelf
from zepix_core.model.market import Tick

prices = st.integers(1, 12).map(lambda n: n / 10)
levels = st.builds(
    Level, symbol=st.sampled_from(["A", "B"]), quote=st.sampled_from(["bid", "ask"]), above=st.booleans(),
    price=prices,
)  # fmt: skip
ticks = st.builds(
    lambda symbol, bid, spread: Tick(symbol=symbol, bid=bid, ask=bid + spread / 10, time_ns=1),
    st.sampled_from(["A", "B", "C"]), prices, st.integers(0, 3),
)  # fmt: skip
steps = st.lists(st.one_of(levels, ticks, st.integers(0, 30)), max_size=60)


@given(steps)
def test_it_finds_what_looking_at_each_level_finds(plan: list[Level | Tick | int]) -> None:
    book, plain = LevelBook(), dict[int, Level]()
    for number, step in enumerate(plan):
        if isinstance(step, Level):
            book.add(number, step)
            plain[number] = step
        elif isinstance(step, Tick):
            quotes = {"bid": step.bid, "ask": step.ask}
            reached = {n: level for n, level in plain.items()
                       if level.symbol == step.symbol and level.reached_by(step)}  # fmt: skip
            taken = book.take(step)
            assert dict(taken) == {n: quotes[level.quote] for n, level in reached.items()}
            assert len(taken) == len(reached)
            plain = {n: level for n, level in plain.items() if n not in reached}
        else:
            book.remove(step)
            plain.pop(step, None)
        assert len(book) == len(plain)


@given(st.lists(st.tuples(prices, st.integers(0, 99)), unique=True), prices)
def test_a_shelf_gives_up_to_the_limit_in_order(rows: list[tuple[float, int]], limit: float) -> None:
    shelf = Shelf()
    for value, number in rows:
        shelf.add(value, number)
    assert shelf.first == min((value for value, _ in rows), default=None)
    assert shelf.take(limit) == [number for value, number in sorted(rows) if value <= limit]
    assert shelf.take(math.inf) == [number for value, number in sorted(rows) if value > limit]


def test_levels_come_in_the_order_in_which_the_price_came_to_them() -> None:
    book = LevelBook()
    for number, price in enumerate((1.3, 1.1, 1.2)):
        book.add(number, Level(symbol="A", quote="bid", above=True, price=price))
        book.add(number + 10, Level(symbol="B", quote="bid", above=False, price=price))
    assert [n for n, _ in book.take(Tick(symbol="A", bid=2.0, ask=2.1, time_ns=1))] == [1, 2, 0]
    assert [n for n, _ in book.take(Tick(symbol="B", bid=1.0, ask=1.1, time_ns=1))] == [10, 12, 11]


def test_the_level_itself_counts_and_so_does_a_gap_over_it() -> None:
    book = LevelBook()
    book.add(1, Level(symbol="A", quote="bid", above=True, price=1.1))
    book.add(2, Level(symbol="A", quote="ask", above=False, price=0.5))
    assert book.take(Tick(symbol="A", bid=1.1, ask=1.2, time_ns=1)) == [(1, 1.1)]
    assert book.take(Tick(symbol="A", bid=0.2, ask=0.3, time_ns=2)) == [(2, 0.3)]
