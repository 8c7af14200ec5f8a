"""The host's settings file: read, laid over the defaults, and judged with every fault at once."""

from collections.abc import Mapping
from typing import Any

import attrs

from zepix_core.config.document import Document, read_document
from zepix_core.config.home import Home
from zepix_core.config.mt5 import mt5_faults
from zepix_core.config.risk import tier_faults
from zepix_core.config.secrets import WEBHOOK_TOKEN, Secret, environment
from zepix_core.config.settings import HostSettings
from zepix_core.config.structure import find_faults, structure, to_plain
from zepix_core.errors import SettingsError

DROPPED = {
    ("plugin_system", "plugin_dir"): "dropped: installed distributions replace plugin folders; remove it",
    (
        "plugin_system",
        "plugin_directory",
    ): "dropped: installed distributions replace plugin folders; remove it",
    ("plugin_system", "auto_load"): "is called auto_discover now",
}
_SIMULATE = ("simulate_orders",)


@attrs.frozen
class Loaded:
    """What was read.

    Attributes:
        settings: The effective settings.
        document: The file they came from.
        variables: Every variable a placeholder may name.
        warnings: Old spellings that were understood.
    """

    settings: HostSettings
    document: Document
    variables: Mapping[str, Secret]
    warnings: tuple[str, ...] = ()


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``over`` laid over ``base``, tables key by key, everything else as a whole."""
    result = dict(base)
    for key, value in over.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result


def load_settings(home: Home, overrides: Mapping[str, Any] | None = None) -> Loaded:
    """Read the host's settings: defaults, then the file, then ``overrides`` (nested, from the command line).

    Raises:
        SettingsError: With every fault of the file, one line each.
    """
    variables = environment(home.env)
    path = home.settings_file
    document = read_document(path, path.name, variables)
    loaded, faults = judge(document, variables, overrides or {})
    if faults or loaded is None:
        raise settings_fault(faults)
    return loaded


def settings_fault(faults: tuple[str, ...]) -> SettingsError:
    """The one error for all faults found."""
    count = len(faults)
    return SettingsError(
        f"The settings have {count} mistake{'s' if count != 1 else ''}:",
        "Correct them and try again; `zepix config validate` checks without starting.",
        faults,
    )


def judge(
    document: Document, variables: Mapping[str, Secret], overrides: Mapping[str, Any]
) -> tuple[Loaded | None, tuple[str, ...]]:
    """Judge a parsed file: the settings, or what is wrong with them, in the file's order of models."""
    data, warnings = _understood(document)
    base = to_plain(HostSettings())
    found: list[tuple[tuple[str, ...], str]] = []
    for path, message in DROPPED.items():
        section = data.get(path[0])
        if isinstance(section, Mapping) and path[1] in section:
            found.append((path, message))
            data = {**data, path[0]: {key: value for key, value in section.items() if key != path[1]}}
    whole = merged(merged(base, data), overrides)
    found += [(fault.path, fault.message) for fault in find_faults(whole, HostSettings)]
    found += [(tuple(key.split(".")), message) for key, message in tier_faults(whole)]
    if not found:
        found += (
            *_cross(whole),
            *mt5_faults(whole, document.raw),
            *_secret_in_address(whole, variables),
        )
    faults = document.faults + tuple(
        document.at(path, message) for path, message in found if path not in document.unfilled
    )
    if faults:
        return None, faults
    return Loaded(structure(whole, HostSettings), document, variables, warnings), ()


def _understood(document: Document) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The file's values with old spellings replaced, and what was replaced."""
    data = dict(document.data)
    if "simulate_orders" not in data:
        return data, ()
    if data.pop("simulate_orders") is True:
        data["broker"] = "paper"
    return data, (document.at(_SIMULATE, 'is read as broker = "paper"; write that instead'),)


def _cross(data: Mapping[str, Any]) -> list[tuple[tuple[str, ...], str]]:
    """Faults between keys that are fine by themselves."""
    found: list[tuple[tuple[str, ...], str]] = []
    if data["live"] and data["profile"] == "bench":
        found.append((("profile",), "bench lifts every limit and is refused when live is true"))
    if data["live"] and data["inbox"]["unlimited"]:
        found.append((("inbox", "unlimited"), "is refused when live is true"))
    ports = data["webhook"]["port"], data["api"]["port"]
    if ports[0] and ports[0] == ports[1]:
        found.append((("api", "port"), f"must differ from webhook.port, both are {ports[0]}"))
    for symbol in data["symbol_config"]:
        if not symbol.isalnum():
            found.append((("symbol_config", symbol), "must be a TradingView name such as XAUUSD"))
    return found


def _secret_in_address(
    data: Mapping[str, Any], variables: Mapping[str, Secret]
) -> list[tuple[tuple[str, ...], str]]:
    """The public address with the token in it would be printed with two."""
    token = variables.get(WEBHOOK_TOKEN)
    if not token or token.reveal() not in data["web"]["public_url"].split("/"):
        return []
    return [(("web", "public_url"), "holds the webhook's token; leave it out, Zepix adds it")]
