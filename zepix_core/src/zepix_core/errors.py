"""One family of errors: each says what happened, where, and what to do next."""


class ZepixError(Exception):
    """Base of every error that Zepix raises on purpose.

    Attributes:
        message: What happened and where, in one sentence.
        hint: What the reader can do next, in one sentence, or ``""``.
    """

    exit_code = 70

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class BadArgument(ZepixError):
    """A programming mistake in a call of the ServiceAPI."""


class SettingsError(ZepixError):
    """Settings, home folder or ports that cannot be used; the program ends with exit code 4.

    Attributes:
        faults: Every fault found, one line each, in file order.
    """

    exit_code = 4

    def __init__(self, message: str, hint: str = "", faults: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint)
        self.faults = faults


class HostUnreachable(ZepixError):
    """A command needs a running host and none answers; exit code 3."""

    exit_code = 3


class UsageError(ZepixError):
    """A command was given arguments that cannot be carried out; exit code 2."""

    exit_code = 2


class StorageError(ZepixError):
    """A database could not be read or written."""


class DatabaseDamaged(StorageError):
    """A database file is not what was written, or is gone; it is left as it is, and only a person can replace
    it."""

    exit_code = 4


class WireError(ZepixError):
    """A frame or a value on a process border is not what was agreed."""


class PluginError(ZepixError):
    """A plugin broke its side of the contract, or is not to be called; it concerns that plugin alone.

    Attributes:
        code: Reason of an alert that ends with it, in lower case.
    """

    code = "plugin_error"

    def __init__(self, message: str, hint: str = "", *, code: str = "") -> None:
        super().__init__(message, hint)
        self.code = code or type(self).code


class BrokerOffline(ZepixError):
    """The gateway is not there, or did not answer a *read* in time; nothing was traded."""


class OutcomeUnknown(ZepixError):
    """A request that may trade got no answer: it may have been executed. Look before acting."""


class WorkerDied(PluginError):
    """The worker ended while a hook ran; the delivery is repeated when it is back."""

    code = "worker_died"
