"""What a pulse, a state or a momentum message changes, for the store all four plugins share."""

from collections.abc import Iterable
from datetime import datetime

from zepix_core import Step, TrendPulseData, pulse_sums, pulse_timeframe, state_received
from zepix_plugins_v6.decision import Action, V6Decision
from zepix_plugins_v6.exits import RUNNER_REASON, own, runner_closes
from zepix_plugins_v6.facts import Facts
from zepix_plugins_v6.messages import MomentumChange, StateChange, TrendPulse
from zepix_plugins_v6.rules import Rules

TrendMessage = TrendPulse | StateChange


def row_after(message: TrendMessage, rows: Iterable[TrendPulseData], received_at: datetime) -> TrendPulseData:
    """The row a message leaves: counts are totals and replace; a state change keeps the old changes."""
    timeframe = pulse_timeframe(message.timeframe)
    old = next((row for row in rows if (row.symbol, row.timeframe) == (message.ticker, timeframe)), None)
    kept = "" if old is None else old.changes
    return TrendPulseData(
        symbol=message.ticker,
        timeframe=timeframe,
        bull_count=message.bull,
        bear_count=message.bear,
        market_state=state_received(message.state, message.bull, message.bear),
        changes=message.changes if isinstance(message, TrendPulse) else kept,
        last_updated=received_at,
    )


def rows_after(rows: Iterable[TrendPulseData], new: TrendPulseData) -> tuple[TrendPulseData, ...]:
    """All rows with one replaced; the new one comes last, as the one received last."""
    key = (new.symbol, new.timeframe)
    return (*(row for row in rows if (row.symbol, row.timeframe) != key), new)


def decide_trend(message: TrendMessage, facts: Facts, rules: Rules | None) -> V6Decision:
    """The new row; for a plugin that leaves runners, those that the pulse now speaks against.

    Args:
        rules: ``None`` for the shared store, which closes nothing.
    """
    row = row_after(message, facts.rows, facts.received_at)
    rows = tuple(r for r in rows_after(facts.rows, row) if r.symbol == row.symbol)
    keeps = rules is not None and rules.profile.keeps_runner
    mine = own(facts.positions, rules, row.symbol) if rules is not None and keeps else ()
    closes = runner_closes(mine, rows)
    bull, bear = pulse_sums(rows)
    return V6Decision(
        action=Action.TREND_UPDATE,
        message=message,
        row=row,
        closes=closes,
        close_reason=RUNNER_REASON if closes else "",
        steps=(Step("pulse", f"bullish and bearish over {len(rows)} rows", f"{bull} / {bear}"),),
    )


def decide_momentum(message: MomentumChange) -> V6Decision:
    """The word to remember for the symbol and timeframe."""
    return V6Decision(action=Action.MOMENTUM_UPDATE, message=message, momentum=message.momentum)
