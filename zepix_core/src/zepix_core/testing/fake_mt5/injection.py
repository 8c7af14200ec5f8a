"""What a test does to the double: faults in advance, and what happens to terminal, link and market."""

from collections.abc import Callable

import attrs

from zepix_core.testing.fake_mt5.constants import MT5
from zepix_core.testing.fake_mt5.core import Core


class Injection(Core):
    """Faults. ``n`` is how many times; ``action`` (``TRADE_ACTION_*``) limits one to such requests."""

    def fail_next(self, retcode: int, n: int = 1, *, action: int | None = None) -> None:
        """The next requests come back with ``retcode`` and change nothing."""
        self.faults.order("fail", n, retcode, action)

    def requote(self, n: int = 1, by_points: int = 10) -> None:
        """The price moves away before the next deals are dealt: 10004 with the new quote."""
        self.faults.order("requote", n, by_points, MT5.TRADE_ACTION_DEAL)

    def partial(self, fraction: float, n: int = 1) -> None:
        """The next deals find a counterpart for that part only: IOC 10010, RETURN rests, FOK is rejected."""
        if not 0 < fraction < 1:
            raise ValueError("a part is more than 0 and less than 1")
        self.faults.order("partial", n, fraction)

    def split_fills(self, parts: int, n: int = 1) -> None:
        """The next deals come in that many executions, each a point worse than the one before."""
        self.faults.order("split", n, parts)

    def place_first(self, n: int = 1) -> None:
        """The next deals are accepted with 10008 and executed at the symbol's next quote."""
        self.faults.order("place", n)

    def sparse_results(self, n: int = 1, *, action: int | None = None) -> None:
        """The next results tell neither deal nor price, as some servers' do: read the deals."""
        self.faults.order("sparse", n, True, action)

    def lose_reply(
        self,
        n: int = 1,
        *,
        code: int = MT5.RES_E_INTERNAL_FAIL_TIMEOUT,
        action: int | None = None,
        late_seconds: float = 0.0,
    ) -> None:
        """The next requests are executed and their answer is lost.

        Args:
            code: Below 0: the call returns ``None`` with this code; else a result with this return code,
                such as ``TRADE_RETCODE_TIMEOUT``, and nothing in it.
            late_seconds: Execute only so much later; nothing is there before.
        """
        if late_seconds:
            self.faults.order("late", n, (late_seconds, code), action)
        else:
            self.faults.order("lose_reply", n, code, action)

    def lose_request(
        self, n: int = 1, *, code: int = MT5.RES_E_INTERNAL_FAIL_TIMEOUT, action: int | None = None
    ) -> None:
        """The twin of `lose_reply`: the same answer, and nothing was executed."""
        self.faults.order("lose_request", n, code, action)

    def fail_reads(
        self, n: int = 1, *, code: int = MT5.RES_E_INTERNAL_FAIL_TIMEOUT, function: str | None = None
    ) -> None:
        """The next calls that only read (``function``: such ones) return ``None`` with ``code``."""
        self.faults.order("read", n, code, function)

    def delay(self, ms: float, n: int = 1, *, function: str | None = "order_send") -> None:
        """The next calls of ``function`` (``None``: any) take that long on the double's clock.

        In the thread that made the double a manual clock is advanced; in another one the call waits until
        somebody else has advanced it, or until `release`.
        """
        self._free.clear()
        self.faults.order("delay", n, ms / 1000, function)

    def hang(self, *, function: str | None = "order_send") -> None:
        """The next call of ``function`` does not return before `release`; call it from another thread."""
        self._free.clear()
        self.faults.order("hang", 1, True, function)

    def release(self) -> None:
        """Let calls go on that `hang` or `delay` holds."""
        self._free.set()

    def disconnect(self) -> None:
        """The terminal loses the broker: requests get 10031, reads show what it knew, logins time out."""
        self.terminal.connected = False

    def reconnect(self) -> None:
        """The terminal has the broker again."""
        self.terminal.connected = True

    def kill_terminal(self) -> None:
        """The terminal ends: every call fails with -10004 until `initialize` starts it again."""
        self.terminal.alive = False
        self.release()

    def switch_account(self, login: int) -> None:
        """A person at the screen logs the terminal in to another account."""
        if login not in self.broker.ledgers:
            raise ValueError(f"the double has no account {login}")
        self.terminal.login = login

    def autotrading(self, on: bool) -> None:
        """The Algo Trading button of the terminal."""
        self.terminal.autotrading = on

    def python_api(self, on: bool) -> None:
        """The switch in the terminal's options; off gives -8 for whatever trades."""
        self.terminal.api_disabled = not on

    def change_account(self, login: int | None = None, **facts: object) -> None:
        """The broker changes facts of an account, such as ``leverage=30`` or ``trade_expert=False``."""
        ledger = self.broker.ledgers[self.terminal.login if login is None else login]
        ledger.account = attrs.evolve(ledger.account, **facts)  # type: ignore[arg-type]

    def change_symbol(self, symbol: str, **facts: object) -> None:
        """The broker changes facts of a symbol, such as ``trade_mode=3`` or ``freeze_level=20``."""
        self.market.symbols[symbol] = attrs.evolve(self.market.symbols[symbol], **facts)  # type: ignore[arg-type]

    def widen_spread(self, points: int, symbol: str | None = None) -> None:
        """Asks are that much higher from now on, at once and in every later quote; 0 ends it."""
        for name in [symbol] if symbol else list(self.market.symbols):
            quote, facts = self.market.quotes.get(name), self.market.symbols[name]
            before = self.market.widened.get(name, 0)
            self.market.widened[name] = points
            if quote is not None:
                self.push_quote(name, quote.bid, facts.price(quote.ask - before * facts.point))

    def gap(self, symbol: str, price: float) -> bool:
        """The price jumps: the next bid is ``price``, with no quote in between."""
        return self.push_quote(symbol, price)

    def close_session(self, symbol: str | None = None) -> None:
        """The session of one symbol or of all ends: no quotes come, trading gives 10018."""
        self.market.closed.update([symbol] if symbol else list(self.market.symbols))

    def open_session(self, symbol: str | None = None) -> None:
        """The session begins; the last price stands until the next quote."""
        self.market.closed.difference_update([symbol] if symbol else list(self.market.symbols))

    def weekend(self) -> None:
        """All sessions are closed and the server's time, as ticks show it, stands still."""
        self.close_session()

    def clock_jump(self, seconds: float) -> None:
        """The broker moves its wall clock, as it does for daylight saving time."""
        self.market.offset += seconds

    def reticket_positions(self) -> dict[int, int]:
        """The broker gives every position of the account a new ticket; identifiers stay.

        Returns:
            New tickets by the old ones.
        """
        with self._lock:
            moved: dict[int, int] = {}
            for old, position in list(self.ledger.positions.items()):
                del self.ledger.positions[old]
                position.ticket = moved[old] = self.broker.order_number()
                self.ledger.positions[position.ticket] = position
            return moved

    def rewrite_comments(self, change: Callable[[str], str]) -> None:
        """The broker writes comments as it likes: what stands in the books now, and all that come."""
        with self._lock:
            self.broker.rewrite = change
            for ledger in self.broker.ledgers.values():
                books = ledger.positions.values(), ledger.orders.values(), ledger.past_orders, ledger.deals
                for book in books:
                    for record in book:
                        record.comment = change(record.comment)

    def charge_swap(self, ticket: int, amount: float) -> None:
        """Add swap to a position, in the account's currency; below 0 it costs."""
        position = self.ledger.positions[ticket]
        position.swap = round(position.swap + amount, self.ledger.account.currency_digits)

    def pay_in(self, amount: float, comment: str = "deposit") -> None:
        """Money comes to the account, below 0 it goes: a balance deal."""
        with self._lock:
            self.broker.pay(self.ledger, amount, comment)
