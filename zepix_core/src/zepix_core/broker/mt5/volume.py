"""Which volumes a symbol takes. Pure; a volume is checked here and never changed."""

from decimal import Decimal

import attrs

from zepix_core.broker.retcodes import Retcode
from zepix_core.rules.decimals import exact

LEAST = Decimal("1e-9")


@attrs.frozen(kw_only=True)
class VolumeRules:
    """Lots; ``limit`` is the most that may be open in the symbol, 0.0 for no limit."""

    least: float
    most: float
    step: float
    limit: float = 0.0


@attrs.frozen
class VolumeFault:
    """Why a volume is refused."""

    retcode: Retcode
    why: str


def volume_fault(lots: float, rules: VolumeRules, held: float = 0.0) -> VolumeFault | None:
    """What is wrong with a volume, ``None`` when the symbol takes it.

    Args:
        held: Lots that are open in the symbol already.
    """
    asked = exact(lots)
    if not exact(rules.least) - LEAST <= asked <= exact(rules.most) + LEAST:
        return VolumeFault(
            Retcode.INVALID_VOLUME, f"volume {lots:g} is outside {rules.least:g} to {rules.most:g}"
        )
    steps = asked / exact(rules.step)
    if abs(steps - round(steps)) > Decimal("1e-6"):
        return VolumeFault(Retcode.INVALID_VOLUME, f"volume {lots:g} is off the step {rules.step:g}")
    if rules.limit > 0 and exact(held) + asked > exact(rules.limit) + LEAST:
        return VolumeFault(
            Retcode.LIMIT_VOLUME, f"{held:g} lots are open, {lots:g} more pass the limit of {rules.limit:g}"
        )
    return None
