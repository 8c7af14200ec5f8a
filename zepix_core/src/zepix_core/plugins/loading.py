"""From an entry point to a plugin object with its settings: whatever goes wrong is said, not raised."""

import logging
from collections.abc import Mapping
from importlib import import_module
from typing import Any, TypeVar

import attrs

from zepix_core.config.json_schema import json_schema
from zepix_core.config.structure import structure, to_plain
from zepix_core.errors import PluginError, SettingsError
from zepix_core.hookspecs import EVENT_HOOKS, HOOKS
from zepix_core.model.alert import AlertClass
from zepix_core.plugin import Capability, GroupFeed, LogicPlugin, PluginConfig
from zepix_core.plugins.dispatch import Dispatcher
from zepix_core.plugins.group_feed import feed_of
from zepix_core.plugins.hello import PluginHello

log = logging.getLogger(__name__)
T = TypeVar("T")


@attrs.frozen
class LoadedPlugin:
    """A plugin that may run, what is said of it, and the feed it names for its group."""

    instance: LogicPlugin
    config: PluginConfig
    hello: PluginHello
    feed: type[GroupFeed] | None = None


def describe(error: BaseException) -> str:
    """An exception of plugin code in one line."""
    try:
        text = str(error).strip()
    except Exception:
        text = "(its text cannot be shown)"
    return f"{type(error).__name__}: {text}"[:1000] if text else type(error).__name__


def load(
    plugin_id: str, target: str, plain: Mapping[str, Any], dispatcher: Dispatcher
) -> LoadedPlugin | PluginHello:
    """Import, configure and register one plugin; a failed hello when that is not possible."""
    try:
        kind = _import(plugin_id, target)
        config = read_config(plugin_id, kind.config_model, plain)
        hello = _declared(plugin_id, kind)
        feed = feed_of(plugin_id, kind)
        instance = create(plugin_id, kind)
        hooks = dispatcher.register(instance, plugin_id)
        if not set(hooks) & set(EVENT_HOOKS):
            dispatcher.unregister(plugin_id)
            raise PluginError(
                f"{plugin_id} implements no hook.",
                f"Mark at least one of {', '.join(EVENT_HOOKS)} with @hookimpl.",
            )
    except SettingsError as error:
        return PluginHello(
            id=plugin_id, state="failed", error=f"settings: {error.message}", faults=error.faults
        )
    except PluginError as error:
        return PluginHello(id=plugin_id, state="failed", error=str(error))
    hello = with_config(attrs.evolve(hello, hooks=hooks), config)
    return LoadedPlugin(instance, config, hello, feed)


def read_config(plugin_id: str, model: type[PluginConfig], plain: Mapping[str, Any]) -> PluginConfig:
    """A plugin's settings; its id is filled in.

    Raises:
        SettingsError: With every fault.
        PluginError: The model itself does not work.
    """
    try:
        config = structure({"plugin_id": plugin_id, **plain}, model)
        if config.plugin_id != plugin_id:
            fault = f"plugin_id: must be {plugin_id!r}, not {config.plugin_id!r}"
            raise SettingsError("1 setting is not valid.", fault, (fault,))
        # The host enforces what these say: ask once here, so that a model that fails is found now.
        with_config(PluginHello(id=plugin_id), config)
    except SettingsError:
        raise
    except BaseException as error:
        raise PluginError(f"the config model of {plugin_id} does not work: {describe(error)}.") from error
    return config


def with_config(hello: PluginHello, config: PluginConfig) -> PluginHello:
    """The hello with what the settings say."""
    return attrs.evolve(
        hello,
        enabled=config.enabled,
        shadow=config.shadow_mode,
        risk=config.risk_settings(),
        symbols_allowed=tuple(config.symbols_allowed()),
        config=to_plain(config),
        config_schema=json_schema(type(config)),
    )


def _import(plugin_id: str, target: str) -> type[LogicPlugin]:
    module_name, _, class_name = target.partition(":")
    try:
        found: Any = import_module(module_name)
        for part in class_name.split("."):
            found = getattr(found, part)
    except BaseException as error:
        log.exception("%s cannot be imported from %s", plugin_id, target)
        raise PluginError(f"{plugin_id} cannot be imported from {target}: {describe(error)}.") from error
    if not (isinstance(found, type) and issubclass(found, LogicPlugin)):
        raise PluginError(
            f"{target} is not a subclass of LogicPlugin.", "Derive from zepix_core.LogicPlugin."
        )
    if not (isinstance(found.config_model, type) and issubclass(found.config_model, PluginConfig)):
        raise PluginError(f"config_model of {plugin_id} is not a subclass of PluginConfig.")
    return found


def create(plugin_id: str, kind: type[T]) -> T:
    """An object of a class of the plugin's author.

    Raises:
        PluginError: It cannot be created.
    """
    try:
        return kind()
    except BaseException as error:
        log.exception("%s cannot be created", plugin_id)
        raise PluginError(f"{plugin_id} cannot be created: {describe(error)}.") from error


def _declared(plugin_id: str, kind: type[LogicPlugin]) -> PluginHello:
    def texts(name: str, value: Any) -> tuple[str, ...]:
        if isinstance(value, str) or not all(isinstance(item, str) and item for item in value):
            raise PluginError(f"{name} of {plugin_id} must be a tuple of texts, not {value!r}.")
        return tuple(value)

    try:
        if wrong := [name for name in vars(kind) if name.startswith("on_") and name not in HOOKS]:
            log.warning("%s has %s, which is no hook", plugin_id, ", ".join(wrong))
        return PluginHello(
            id=plugin_id,
            name=kind.name or plugin_id,
            alerts={str(name): AlertClass(value) for name, value in kind.alerts.items()},
            timeframes=texts("timeframes", kind.timeframes),
            symbols=texts("symbols", kind.symbols),
            capabilities=tuple(sorted(Capability(c).value for c in kind.capabilities)),
            database_group=kind.database_group or plugin_id,
            plugin_type=str(kind.plugin_type),
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise PluginError(f"what {plugin_id} declares cannot be used: {error}.") from error
