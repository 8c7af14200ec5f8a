"""What an exit message and a turned pulse close. Each position is treated where it lives."""

from collections.abc import Iterable
from decimal import Decimal

from zepix_core import Side, Step, TrendPulseData, pulse_aligned
from zepix_plugins_v6.decision import Close
from zepix_plugins_v6.facts import OwnPosition, SymbolFacts
from zepix_plugins_v6.rules import Rules
from zepix_plugins_v6.sizing import least_steps, whole_steps
from zepix_plugins_v6.text import plain

EXIT_REASON = "Exit_Signal"
RUNNER_REASON = "Reversal"


def own(positions: Iterable[OwnPosition], rules: Rules, symbol: str) -> tuple[OwnPosition, ...]:
    """The plugin's own positions of a symbol."""
    return tuple(
        position
        for position in positions
        if position.plugin == rules.profile.id and position.symbol == symbol
    )


def signal_closes(
    positions: Iterable[OwnPosition], side: Side, symbol: SymbolFacts | None, rules: Rules
) -> tuple[tuple[Close, ...], tuple[Step, ...]]:
    """Closes of an exit of ``side`` among the plugin's own positions of the symbol; runners stay.

    Args:
        symbol: ``None`` closes whole positions: without lot steps no part can be told.
    """
    closes, steps = [], []
    for position in positions:
        if position.side is not side or position.runner:
            continue
        share = rules.profile.winners if position.profit > 0 else rules.profile.others
        close = _close(position, share, symbol, keeps_runner=rules.profile.keeps_runner)
        closes.append(close)
        rest = "nothing stays" if close.full else f"{plain(position.volume - close.volume)} stays"
        formula = f"{plain(position.volume)} x {plain(share)}, down to a step; {rest}"
        steps.append(Step(f"close {position.ticket}", formula, plain(close.volume)))
    return tuple(closes), tuple(steps)


def _close(position: OwnPosition, share: Decimal, symbol: SymbolFacts | None, *, keeps_runner: bool) -> Close:
    whole = Close(ticket=position.ticket, volume=position.volume, full=True)
    if share >= 1 or symbol is None:
        return whole
    steps = whole_steps(position.volume * share, symbol.step)
    volume = steps * symbol.step
    least = least_steps(symbol)
    if steps < least or position.volume - volume < least * symbol.step:
        return whole
    return Close(ticket=position.ticket, volume=volume, full=False, runner=keeps_runner)


def runner_closes(positions: Iterable[OwnPosition], rows: tuple[TrendPulseData, ...]) -> tuple[Close, ...]:
    """Runners whose opposite direction the pulse now favours; a tie keeps them.

    Args:
        rows: The trend rows of the symbol, the new one included.
    """
    return tuple(
        Close(ticket=position.ticket, volume=position.volume, full=True)
        for position in positions
        if position.runner and pulse_aligned(rows, position.side.opposite)
    )
