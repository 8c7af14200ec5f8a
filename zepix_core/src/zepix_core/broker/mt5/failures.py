"""What the module's ``last_error()`` means to the gateway, and what a person can do about it."""

from collections.abc import Mapping
from enum import StrEnum

import attrs

from zepix_core.errors import BrokerOffline


class FailureKind(StrEnum):
    """How a failed call is dealt with."""

    FINE = "fine"
    RETRY = "retry"
    """The connection to the terminal is made anew."""
    OURS = "ours"
    """The call itself was wrong; it never left this process."""
    ASK_LESS = "ask less"
    MISSING = "missing"
    """No such symbol, or no history of it."""
    REFUSED = "refused"
    """Nothing changes until a person does something; it is not tried again and again."""


@attrs.frozen
class Failure:
    """One code of ``last_error()``."""

    kind: FailureKind
    meaning: str
    hint: str = ""


FINE = 1
INVALID_PARAMS = -2
K = FailureKind
_TERMINAL = "See that the terminal runs and stands where mt5_path says; it is tried again."
FAILURES: Mapping[int, Failure] = {
    FINE: Failure(K.FINE, "success"),
    -1: Failure(K.RETRY, "the terminal could not carry the call out", _TERMINAL),
    INVALID_PARAMS: Failure(K.OURS, "the call was not understood", "Report it with the log lines around it."),
    -3: Failure(K.ASK_LESS, "the terminal is out of memory", "Close charts, and ask for fewer bars."),
    -4: Failure(K.MISSING, "the terminal knows no such symbol, or no history of it", "See symbol_mapping."),
    -5: Failure(
        K.REFUSED,
        "the terminal and the MetaTrader5 package do not fit together",
        "Update both: Help, Check for updates in the terminal; pip install --upgrade MetaTrader5.",
    ),
    -6: Failure(
        K.REFUSED,
        "the broker refused the login",
        "Check mt5_login, mt5_password and mt5_server: log in by hand in the terminal with the same three.",
    ),
    -7: Failure(
        K.REFUSED,
        "the terminal does not support this (one-time passwords and certificates among it)",
        "Use an account whose login needs the password alone.",
    ),
    -8: Failure(
        K.REFUSED,
        "the terminal does not let Python trade",
        "In the terminal: Tools, Options, Expert Advisors: allow algorithmic trading, and take the mark off "
        '"Disable automatic trading via external Python API".',
    ),
    -10000: Failure(K.RETRY, "the talk with the terminal failed", _TERMINAL),
    -10001: Failure(K.RETRY, "nothing could be sent to the terminal", _TERMINAL),
    -10002: Failure(K.RETRY, "no answer could be read from the terminal", _TERMINAL),
    -10003: Failure(K.RETRY, "the terminal was not found or did not start", _TERMINAL),
    -10004: Failure(K.RETRY, "there is no connection to the terminal", _TERMINAL),
    -10005: Failure(K.RETRY, "the terminal did not answer in time", _TERMINAL),
}
UNKNOWN = Failure(K.RETRY, "the terminal failed in a way that is not known", _TERMINAL)


def failure_of(code: int) -> Failure:
    """What a code means; one that is not known is tried again."""
    return FAILURES.get(code, UNKNOWN)


class LinkLost(BrokerOffline):
    """The terminal or its server is not there, or it is logged in to another account.

    Attributes:
        waits: The terminal itself runs and will find its server again.
    """

    def __init__(self, message: str, hint: str = "", *, waits: bool = False) -> None:
        super().__init__(message, hint)
        self.waits = waits


def link_lost(what: str, error: tuple[int, str]) -> LinkLost:
    """The error for a call that gave nothing."""
    code, text = error
    failure = failure_of(code)
    return LinkLost(f"MetaTrader 5: {what}: {failure.meaning} ({code}, {text}).", failure.hint)
