"""What the order methods send to the host, built from checked arguments."""

import attrs

from zepix_core.errors import BadArgument
from zepix_core.services import arguments
from zepix_core.services.calls import LEG_NAMES, Leg, PlaceRequest
from zepix_core.services.host_calls import HostCalls

ROUTES = ("LOGIC1", "LOGIC2", "LOGIC3")
Stops = tuple[float, float]


@attrs.frozen
class Rest:
    """The arguments every order method has: see `zepix_core.services.worker_orders.Orders`."""

    price: float
    closing: tuple[int, ...]
    key: str | None


def event_key(calls: HostCalls, key: str | None) -> str | None:
    """The key of a request that trades, checked.

    Raises:
        BadArgument: There is none outside ``on_alert``, or it is no text.
    """
    if key is not None:
        return arguments.text("key", key)
    if not calls.in_alert:
        raise BadArgument(
            "An order outside on_alert needs a key of its own.",
            "Pass key=, the same text for the same order, such as f'trail:{update.intent_id}'.",
        )
    return None


def build_v3(
    symbol: str,
    direction: str,
    total: float,
    a: Stops,
    b: Stops,
    route: str,
    lots: tuple[float, float] | None,
    labels: tuple[str, str],
    rest: Rest,
) -> PlaceRequest:
    """The V3 pair: each leg has its own (stop, target)."""
    stops = (
        (arguments.price("order_a_sl", a[0]), arguments.price("order_a_tp", a[1])),
        (arguments.price("order_b_sl", b[0]), arguments.price("order_b_tp", b[1])),
    )
    request = _request("place_dual_orders_v3", symbol, direction, _legs(stops, lots, labels), rest)
    logic = arguments.one_of("logic_route", route, ROUTES)
    return attrs.evolve(request, total=_total(total, lots), logic=logic)


def build_v6(
    symbol: str,
    direction: str,
    total: float,
    sl: float,
    tp1: float,
    tp2: float,
    lots: tuple[float, float] | None,
    labels: tuple[str, str],
    rest: Rest,
) -> PlaceRequest:
    """The V6 pair: one stop, A aims at the second target."""
    stop = arguments.price("sl_price", sl)
    stops = ((stop, arguments.price("tp2_price", tp2)), (stop, arguments.price("tp1_price", tp1)))
    request = _request("place_dual_orders_v6", symbol, direction, _legs(stops, lots, labels), rest)
    return attrs.evolve(request, total=_total(total, lots))


def build_single(
    method: str,
    leg: str,
    symbol: str,
    direction: str,
    lot_size: float,
    sl: float,
    tp: float | None,
    comment: str,
    rest: Rest,
) -> PlaceRequest:
    """One order; its volume is finished."""
    order = Leg(
        name=leg,
        sl=arguments.price("sl_price", sl),
        tp=arguments.price("tp_price", tp),
        lots=arguments.number("lot_size", lot_size, above=0.0),
        label=_label(comment),
    )
    return _request(method, symbol, direction, (order,), rest)


def _request(method: str, symbol: str, direction: str, legs: tuple[Leg, ...], rest: Rest) -> PlaceRequest:
    return PlaceRequest(
        method=method,
        symbol=arguments.text("symbol", symbol),
        side=arguments.side(direction),
        legs=legs,
        price=arguments.price("price", rest.price),
        key=rest.key,
        closing=tuple(arguments.ticket(number) for number in rest.closing),
    )


def _total(total: float, lots: tuple[float, float] | None) -> float | None:
    return arguments.number("lot_size_total", total, above=0.0) if lots is None else None


def _legs(
    stops: tuple[Stops, Stops], lots: tuple[float, float] | None, labels: tuple[str, str]
) -> tuple[Leg, ...]:
    if lots is not None and len(lots) != 2:
        raise BadArgument("lots must be two volumes, for leg A and leg B.")
    if len(labels) != 2:
        raise BadArgument("labels must be two texts, for leg A and leg B.")
    finished = (None, None) if lots is None else tuple(arguments.number("lots", n, above=0.0) for n in lots)
    return tuple(
        Leg(name=name, sl=sl, tp=tp, lots=volume, label=_label(label))
        for name, (sl, tp), volume, label in zip(LEG_NAMES, stops, finished, labels, strict=True)
    )


def _label(value: str) -> str:
    return arguments.text("label", value) if value else ""
