"""Real money is not traded while nobody would hear of what goes wrong, unless the settings confirm it."""

import logging

from zepix_core.config.settings import HostSettings
from zepix_core.errors import SettingsError
from zepix_core.model.account import AccountInfo

log = logging.getLogger(__name__)
REAL = "real"
UNHEARD = (
    "No notice leaves this machine: of a stop that is gone or a limit that is reached nobody would hear."
)
HINT = (
    "Set notify.webhook.url (see `zepix notify test`), or confirm in zepix.toml under [notify]: "
    "no_channel_confirmed = true."
)


def require_channel(settings: HostSettings, account: AccountInfo) -> None:
    """Let a live account start only with a channel to people, or with the confirmation that none is wanted.

    Raises:
        SettingsError: There is neither.
    """
    if not settings.live or account.trade_mode != REAL or settings.notify.has_channel:
        return
    if not settings.notify.no_channel_confirmed:
        raise SettingsError(f"The account is a real one. {UNHEARD}", HINT)
    log.warning("%s It is confirmed in the settings.", UNHEARD)
