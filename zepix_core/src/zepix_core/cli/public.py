"""The round trip for one home: what its settings and its running host say, put together."""

from zepix_core.cli.client import find_host
from zepix_core.cli.earlier import RESTART
from zepix_core.cli.finding import BAD, Finding
from zepix_core.cli.public_address import NAME
from zepix_core.cli.public_answers import Expected
from zepix_core.cli.public_trip import Road, RoundTrip
from zepix_core.clock import SystemClock
from zepix_core.config.files import load_settings
from zepix_core.config.home import Home
from zepix_core.config.secrets import WEBHOOK_TOKEN, Secret
from zepix_core.errors import SettingsError, ZepixError
from zepix_core.model.host import boot_mark


def round_trip(home: Home) -> list[Finding] | None:
    """Every check from the public address back to the host of this home; ``None`` when none runs.

    Settings that cannot be used are one finding: the address is not known then.
    """
    try:
        client = find_host(home)
        if client is None:
            return None
        loaded = load_settings(home)
        stands, note = client.status()
        if not stands["boot"]:
            return [Finding(NAME, BAD, f"not tried. {note}", RESTART)]
    except SettingsError as error:
        told = " ".join((error.message, "; ".join(error.faults))).strip()
        return [Finding(NAME, BAD, f"not known. {told}", error.hint)]
    except ZepixError as error:
        return [Finding(NAME, BAD, f"not tried. {error.message}", error.hint)]
    webhook = loaded.settings.webhook
    expected = Expected(
        mark=boot_mark(str(stands["boot"])),
        port=client.ports.webhook,
        guarded=bool(webhook.sources or webhook.client_cert_header),
    )
    token = loaded.variables.get(WEBHOOK_TOKEN, Secret(""))
    url, too_large = loaded.settings.web.public_url, webhook.max_body_bytes + 1
    return list(RoundTrip(url, token, too_large, expected, SystemClock(), Road()).findings())
