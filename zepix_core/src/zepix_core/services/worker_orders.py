"""``api.orders``: placing, changing and closing the plugin's own orders."""

from collections.abc import Mapping

from zepix_core.errors import BadArgument, ZepixError
from zepix_core.model.order import CloseResult, DualResult, GroupResult, OrderResult, PluginOrder
from zepix_core.services import arguments
from zepix_core.services.calls import (
    CloseRequest,
    KeyRequest,
    ModifyRequest,
    PlaceReply,
    PlaceRequest,
    SymbolRequest,
)
from zepix_core.services.host_calls import HostCalls
from zepix_core.services.order_requests import Rest, build_single, build_v3, build_v6, event_key

NO_LABELS = ("", "")


class Orders:
    """Orders of one plugin. Prices are prices, lots are volume, tickets are the position's.

    What the market, the risk rules or the operator refuse is returned as a result with a ``code``; only
    mistakes of the caller raise. Inside ``on_alert`` each order is keyed by the alert, the leg and
    ``key``, so that a repeat returns the first result; elsewhere ``key=`` is needed.
    """

    def __init__(self, calls: HostCalls) -> None:
        self._calls = calls

    async def place_dual_orders_v3(
        self,
        symbol: str,
        direction: str,
        lot_size_total: float,
        order_a_sl: float,
        order_a_tp: float,
        order_b_sl: float,
        order_b_tp: float,
        logic_route: str,
        *,
        lots: tuple[float, float] | None = None,
        labels: tuple[str, str] = NO_LABELS,
        price: float = 0.0,
        closing: tuple[int, ...] = (),
        key: str | None = None,
    ) -> DualResult:
        """Place a pair with different stops: A with the smart stop, B with the fixed-money stop.

        Args:
            direction: ``BUY`` or ``SELL``, any case.
            lot_size_total: Lots of both legs; the host splits it unless ``lots`` gives finished legs.
            logic_route: ``LOGIC1``, ``LOGIC2`` or ``LOGIC3``.
            labels: A label kept with each leg.
            price: The price the decision was made at; the price band is judged against it.
            closing: Tickets that will be closed first; caps are judged as if they were gone.

        Returns:
            One result a leg; unpacks as ``(ticket_a, ticket_b)``. A refused: B was not sent. B refused: A
            stays.

        Raises:
            BadArgument: A wrong argument, or no ``key`` outside ``on_alert``.
        """
        request = build_v3(
            symbol, direction, lot_size_total, (order_a_sl, order_a_tp), (order_b_sl, order_b_tp),
            logic_route, lots, labels, Rest(price, closing, self._key(key)),
        )  # fmt: skip
        return await self._dual("orders.place", request)

    async def check_dual_orders_v3(
        self,
        symbol: str,
        direction: str,
        lot_size_total: float,
        order_a_sl: float,
        order_a_tp: float,
        order_b_sl: float,
        order_b_tp: float,
        logic_route: str,
        *,
        lots: tuple[float, float] | None = None,
        labels: tuple[str, str] = NO_LABELS,
        price: float = 0.0,
        closing: tuple[int, ...] = (),
        key: str | None = None,
    ) -> DualResult:
        """What `place_dual_orders_v3` would meet with the same arguments; nothing is sent or written."""
        request = build_v3(
            symbol, direction, lot_size_total, (order_a_sl, order_a_tp), (order_b_sl, order_b_tp),
            logic_route, lots, labels, Rest(price, closing, key),
        )  # fmt: skip
        return await self._dual("orders.check", request)

    async def place_dual_orders_v6(
        self,
        symbol: str,
        direction: str,
        lot_size_total: float,
        sl_price: float,
        tp1_price: float,
        tp2_price: float,
        *,
        lots: tuple[float, float] | None = None,
        labels: tuple[str, str] = NO_LABELS,
        price: float = 0.0,
        closing: tuple[int, ...] = (),
        key: str | None = None,
    ) -> DualResult:
        """Place a pair with the same stop: A aims at ``tp2_price``, B at ``tp1_price``.

        Arguments, result and errors as in `place_dual_orders_v3`.
        """
        request = build_v6(
            symbol, direction, lot_size_total, sl_price, tp1_price, tp2_price,
            lots, labels, Rest(price, closing, self._key(key)),
        )  # fmt: skip
        return await self._dual("orders.place", request)

    async def place_single_order_a(
        self,
        symbol: str,
        direction: str,
        lot_size: float,
        sl_price: float,
        tp_price: float | None,
        comment: str = "ORDER_A",
        *,
        price: float = 0.0,
        closing: tuple[int, ...] = (),
        key: str | None = None,
    ) -> OrderResult:
        """Place one order as leg A; ``tp_price`` may be ``None`` or 0.0 (it can trail).

        ``comment`` is a label kept with the order. Result and errors as in `place_dual_orders_v3`.
        """
        rest = Rest(price, closing, self._key(key))
        return await self._single(
            build_single(
                "place_single_order_a", "A", symbol, direction, lot_size, sl_price, tp_price, comment, rest
            )
        )

    async def place_single_order_b(
        self,
        symbol: str,
        direction: str,
        lot_size: float,
        sl_price: float,
        tp_price: float,
        comment: str = "ORDER_B",
        *,
        price: float = 0.0,
        closing: tuple[int, ...] = (),
        key: str | None = None,
    ) -> OrderResult:
        """Place one order as leg B; it needs its target. Otherwise as `place_single_order_a`."""
        rest = Rest(price, closing, self._key(key))
        return await self._single(
            build_single(
                "place_single_order_b", "B", symbol, direction, lot_size, sl_price, tp_price, comment, rest
            )
        )

    async def place_order(
        self,
        symbol: str,
        direction: str,
        lot_size: float,
        sl_price: float = 0.0,
        tp_price: float | None = 0.0,
        comment: str = "",
        *,
        price: float = 0.0,
        closing: tuple[int, ...] = (),
        key: str | None = None,
    ) -> OrderResult:
        """Place one order. A plugin's order without a stop is refused ``INVALID_STOPS``.

        ``comment`` is a label kept with the order. Result and errors as in `place_dual_orders_v3`.
        """
        rest = Rest(price, closing, self._key(key))
        request = build_single(
            "place_order", "A", symbol, direction, lot_size, sl_price, tp_price, comment, rest
        )
        return await self._single(request)

    async def modify(
        self,
        order_id: int,
        new_sl: float | None = None,
        new_tp: float | None = None,
        *,
        key: str | None = None,
    ) -> OrderResult:
        """Change the stops of an own position; ``None`` keeps the present price, 0.0 for ``new_tp``
        removes the target.

        Returns:
            ``ok`` when the stops stand as asked; the same values again change nothing.

        Raises:
            BadArgument: Neither is given, a price is not one, or no ``key`` outside ``on_alert``.
        """
        if new_sl is None and new_tp is None:
            raise BadArgument("modify needs new_sl or new_tp.", "None keeps a price as it is.")
        request = ModifyRequest(
            ticket=arguments.ticket(order_id),
            sl=None if new_sl is None else arguments.number("new_sl", new_sl, above=0.0),
            tp=None if new_tp is None else arguments.number("new_tp", new_tp, least=0.0),
            key=self._key(key),
        )
        result: OrderResult = await self._calls.call("orders.modify", request)
        return result

    async def modify_order_async(
        self,
        order_id: int,
        new_sl: float | None = None,
        new_tp: float | None = None,
        *,
        key: str | None = None,
    ) -> bool:
        """`modify`, telling only whether it worked."""
        return (await self.modify(order_id, new_sl, new_tp, key=key)).ok

    async def close_position(
        self, order_id: int, reason: str = "Manual", *, key: str | None = None
    ) -> CloseResult:
        """Close an own position, all of it; one that is gone already is a success with what its deals say.

        What the broker fills only in part is closed again by the host, a few times, and the result is the
        sum. ``PARTLY_CLOSED`` is what is left then: ``closed_volume`` and ``remaining_volume`` say how much.

        Args:
            reason: One of the close reasons, such as ``Exit_Signal`` or ``Reversal``.

        Raises:
            BadArgument: ``order_id`` is no ticket, or no ``key`` outside ``on_alert``.
        """
        return await self.close_position_partial(order_id, 100.0, reason, key=key)

    async def close_position_partial(
        self, order_id: int, percentage: float, reason: str = "Manual", *, key: str | None = None
    ) -> CloseResult:
        """Close ``percentage`` percent of an own position, rounded down to the volume step.

        Below the smallest volume it is refused ``VOLUME_TOO_SMALL``; if too little would remain, all is
        closed. 100 closes it all. Where the broker fills less, the host goes on as in `close_position`.

        Raises:
            BadArgument: The percentage is not in (0, 100], or as in `close_position`.
        """
        if arguments.number("percentage", percentage, above=0.0) > 100.0:
            raise BadArgument(f"percentage must be at most 100, not {percentage:g}.")
        request = CloseRequest(
            ticket=arguments.ticket(order_id),
            percentage=float(percentage),
            reason=arguments.text("reason", reason, longest=40),
            key=self._key(key),
        )
        result: CloseResult = await self._calls.call("orders.close", request)
        return result

    async def close_positions(
        self,
        symbol: str | None = None,
        direction: str | None = None,
        reason: str = "Manual",
        *,
        key: str | None = None,
    ) -> GroupResult:
        """Close this plugin's positions, all or those of a symbol, a direction, or both."""
        self._key(key)
        wanted = None if direction is None else arguments.side(direction)
        own = [o for o in await self.get_plugin_orders(symbol) if wanted is None or o.type is wanted]
        return await self.close_each({order.ticket: 100.0 for order in own}, reason, key=key)

    async def close_each(
        self, shares: Mapping[int, float], reason: str = "Manual", *, key: str | None = None
    ) -> GroupResult:
        """Close several own positions one after the other; one that cannot be closed keeps no other open.

        Args:
            shares: Percent to close by ticket, 100.0 for all; see `close_position_partial`.

        Raises:
            BadArgument: A ticket or a percentage is none, or no ``key`` outside ``on_alert``.
        """
        key = self._key(key)
        results = []
        for ticket, share in shares.items():
            one = None if key is None else f"{key}:{ticket}"
            try:
                results.append(await self.close_position_partial(ticket, share, reason, key=one))
            except BadArgument:
                raise
            except ZepixError as error:
                results.append(
                    CloseResult(
                        success=False, order_id=ticket, reason=reason, code="UNRESOLVED", message=str(error)
                    )
                )
        closed = sum(result.success for result in results)
        return GroupResult(success=closed == len(results), closed_count=closed, results=tuple(results))

    async def close_positions_by_direction(
        self, symbol: str, direction: str, reason: str = "Reversal", *, key: str | None = None
    ) -> GroupResult:
        """Close this plugin's positions of one symbol and direction, before a reversal."""
        return await self.close_positions(arguments.text("symbol", symbol), direction, reason, key=key)

    async def get_plugin_orders(self, symbol: str | None = None) -> tuple[PluginOrder, ...]:
        """Open positions of this plugin, oldest first; those of other plugins are never shown."""
        if symbol is not None:
            arguments.text("symbol", symbol)
        orders: tuple[PluginOrder, ...] = await self._calls.call("orders.list", SymbolRequest(symbol=symbol))
        return orders

    async def get_order_results(self, *, key: str | None = None) -> tuple[OrderResult, ...]:
        """What the orders that were asked for under this alert, or under ``key``, came to: A before B.

        Empty when none was. So a plugin that gets an alert again after a crash can tell whether it had
        placed something, also when nobody knows yet whether it was executed (``UNRESOLVED``).

        Raises:
            BadArgument: No ``key`` outside ``on_alert``.
        """
        reply: PlaceReply = await self._calls.call("orders.results", KeyRequest(key=self._key(key)))
        return reply.results

    def _key(self, key: str | None) -> str | None:
        return event_key(self._calls, key)

    async def _single(self, request: PlaceRequest) -> OrderResult:
        reply: PlaceReply = await self._calls.call("orders.place", request)
        return reply.results[0]

    async def _dual(self, call: str, request: PlaceRequest) -> DualResult:
        reply: PlaceReply = await self._calls.call(call, request)
        a, b = reply.results
        return DualResult(a=a, b=b)
