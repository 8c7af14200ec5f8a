"""The host's books beside the broker's, row by row."""

from enum import StrEnum

import attrs


class BookKind(StrEnum):
    """How one position or order stands in both books.

    Attributes:
        SAME: Both say the same.
        MISSED_FILL: The broker has filled what the host did not hear of; booked at once.
        MISSED_CLOSE: The broker has closed what the host did not hear of; booked at once.
        STOPS: The stops differ; one that was moved is taken over, one that vanished is set again.
        UNKNOWN: A request without an answer; it is being looked up.
        FOREIGN: None of ours: shown, counted in the risk, never touched.
        MISSING: Ours, and the broker does not show it, or less of it, and no deal says why.
        NEEDS_HUMAN: The books contradict each other; a person decides.
    """

    SAME = "same"
    MISSED_FILL = "missed_fill"
    MISSED_CLOSE = "missed_close"
    STOPS = "stops"
    UNKNOWN = "unknown"
    FOREIGN = "foreign"
    MISSING = "missing"
    NEEDS_HUMAN = "needs_human"


class Choice(StrEnum):
    """What a person may decide about a contradiction.

    Attributes:
        ADOPT: The broker is right: manage the position as it stands there.
        CLOSE: Close the position at the broker.
        FORGET: It is none of ours any more: what is still open is foreign from now on.
    """

    ADOPT = "adopt"
    CLOSE = "close"
    FORGET = "forget"


UNEQUAL = frozenset({BookKind.MISSING, BookKind.NEEDS_HUMAN})


@attrs.frozen(kw_only=True)
class BookRow:
    """One position or order, with the numbers of both sides.

    Attributes:
        ticket: Of the position; of the order where it is one; 0 when there is none.
        intent_id: The entry in the journal, ``""`` for none.
        state: The entry's state.
        our_lots, our_price, our_sl, our_tp: As the journal has it, ``None`` when it has nothing. Price is
            the price of the entry.
        their_lots, their_price, their_sl, their_tp: As the broker has it, ``None`` when it has nothing.
        choices: What a person may decide.
        settled: The books were made equal after they were compared: this is how they stood before.
    """

    kind: BookKind
    book: str
    ticket: int
    symbol: str
    side: str
    intent_id: str = ""
    plugin: str = ""
    state: str = ""
    our_lots: float | None = None
    our_price: float | None = None
    our_sl: float | None = None
    our_tp: float | None = None
    their_lots: float | None = None
    their_price: float | None = None
    their_sl: float | None = None
    their_tp: float | None = None
    why: str = ""
    choices: tuple[str, ...] = ()
    settled: bool = False


@attrs.frozen(kw_only=True)
class Held:
    """A symbol on which a plugin opens nothing until a person has looked."""

    plugin: str
    symbol: str
    why: str


@attrs.frozen(kw_only=True)
class BooksReport:
    """What a comparison found.

    Attributes:
        equal: Nothing needs a person.
        broker_asked: False when only files were read: nothing is known of what the broker shows now.
    """

    equal: bool
    rows: tuple[BookRow, ...] = ()
    held: tuple[Held, ...] = ()
    broker_asked: bool = True


@attrs.frozen(kw_only=True)
class Decided:
    """What became of what a person decided; ``ticket`` and ``intent_id`` name what it was about."""

    choice: Choice
    ticket: int
    intent_id: str
    message: str
