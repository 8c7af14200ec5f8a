"""The legs of a request with their final volumes."""

import attrs

from zepix_core.config.risk import TradingSettings
from zepix_core.model.market import SymbolInfo
from zepix_core.rules.decimals import half_up
from zepix_core.rules.lots import Volume, normalise, split, to_lots, whole_steps
from zepix_core.services.calls import Leg, PlaceRequest
from zepix_core.services.facts import PluginFacts


@attrs.frozen(kw_only=True)
class FinalLeg:
    """A leg as it would be sent: lots on a step, prices with the symbol's digits.

    Attributes:
        code: Why this leg alone is not sent, ``""`` when it is.
    """

    name: str
    lots: float
    sl: float
    tp: float
    label: str = ""
    raised: bool = False
    cut: bool = False
    code: str = ""


@attrs.frozen(kw_only=True)
class Sized:
    """All legs, or the code of a refusal."""

    legs: tuple[FinalLeg, ...] = ()
    code: str = ""
    note: str = ""

    @property
    def sent(self) -> tuple[FinalLeg, ...]:
        """The legs that go out."""
        return tuple(leg for leg in self.legs if not leg.code)

    @property
    def total(self) -> float:
        return round(sum(leg.lots for leg in self.sent), 8)

    def without(self, name: str, code: str) -> "Sized":
        """The same with one leg not sent, for that reason."""
        legs = (attrs.evolve(leg, code=code) if leg.name == name else leg for leg in self.legs)
        return attrs.evolve(self, legs=tuple(legs))


def size_legs(
    request: PlaceRequest, info: SymbolInfo, plugin: PluginFacts, settings: TradingSettings
) -> Sized:
    """Split and normalise the request's volumes; `Sized.code` says why none may be sent."""
    asked = [leg.lots for leg in request.legs]
    if any(lots is None for lots in asked):
        total = request.total
        if total is None or total <= 0:
            return Sized(code="VOLUME_TOO_SMALL", note="no volume above 0 was asked for")
        if len(request.legs) == 2:
            return _split_pair(request, info, total, plugin, settings)
        asked = [total]
    volumes = [_fit(lots or 0.0, info, plugin, settings) for lots in asked]
    return _sized(request, info, volumes)


def _fit(lots: float, info: SymbolInfo, plugin: PluginFacts, settings: TradingSettings) -> Volume | None:
    if lots <= 0:
        return None
    caps: list[float | None] = [info.volume_max]
    if not settings.lifted:
        caps += [plugin.risk.max_lot_size, settings.risk_config.max_lot_size]
    return normalise(lots, info.volume_min, info.volume_step, *caps)


def _split_pair(
    request: PlaceRequest, info: SymbolInfo, total: float, plugin: PluginFacts, settings: TradingSettings
) -> Sized:
    step = info.volume_step
    first, second = split(whole_steps(total, step), settings.dual_orders.order_split_ratio)
    least = whole_steps(info.volume_min, step)
    rule = settings.dual_orders.below_min
    if min(first, second) < least and rule == "refuse":
        return Sized(code="VOLUME_TOO_SMALL", note=f"a leg of {total:g} lots is below {info.volume_min:g}")
    lots_a, lots_b = to_lots(first, step), to_lots(second, step)
    if min(first, second) < least and rule == "order_a_only":
        whole = _fit(total, info, plugin, settings)
        return _sized(request, info, [whole, None], skip_b=True)
    volumes = [_fit(max(lots, step), info, plugin, settings) for lots in (lots_a, lots_b)]
    return _sized(request, info, volumes)


def _sized(
    request: PlaceRequest, info: SymbolInfo, volumes: list[Volume | None], skip_b: bool = False
) -> Sized:
    legs: list[FinalLeg] = []
    for leg, volume in zip(request.legs, volumes, strict=True):
        if volume is None:
            if not skip_b:
                return Sized(code="VOLUME_TOO_SMALL", note=f"leg {leg.name} has no volume above 0")
            legs.append(_final(leg, info, Volume(lots=0.0), "VOLUME_TOO_SMALL"))
            continue
        if volume.lots < info.volume_min - info.volume_step * 1e-6:
            return Sized(
                code="VOLUME_TOO_LARGE",
                note=f"the cap of {volume.lots:g} lots is below the minimum {info.volume_min:g}",
            )
        legs.append(_final(leg, info, volume))
    return Sized(legs=tuple(legs))


def _final(leg: Leg, info: SymbolInfo, volume: Volume, code: str = "") -> FinalLeg:
    return FinalLeg(
        name=leg.name, lots=volume.lots, sl=half_up(leg.sl, info.digits), tp=half_up(leg.tp, info.digits),
        label=leg.label, raised=volume.raised, cut=volume.cut, code=code,
    )  # fmt: skip
