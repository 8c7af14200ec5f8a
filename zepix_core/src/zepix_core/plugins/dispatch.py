"""Calling hooks through a table that is compiled once per change of what is registered."""

from collections.abc import Callable, Collection
from inspect import isawaitable, iscoroutinefunction
from types import ModuleType
from typing import Any

import pluggy

from zepix_core import hookspecs
from zepix_core.errors import PluginError
from zepix_core.plugins.implementation import HookMetrics, Implementation, Meter
from zepix_core.plugins.unrolled import Outcome, unrolled


class Dispatcher:
    """A pluggy manager whose hooks may be asynchronous, each implementation failing for itself, each timed.

    The order is pluggy's: last registered first, ``tryfirst`` and ``trylast`` respected.
    """

    def __init__(self, specs: ModuleType = hookspecs) -> None:
        self.manager = pluggy.PluginManager(hookspecs.PROJECT)
        self.manager.add_hookspecs(specs)
        self._rows: dict[str, tuple[Implementation, ...]] = {}
        self._together: dict[str, Callable[..., tuple[Outcome, ...]]] = {}
        self._single: dict[tuple[str, str], Implementation] = {}
        self._bound: dict[str, dict[str, Any]] = {}
        self._meters: dict[tuple[str, str], Meter] = {}

    def register(self, plugin: object, name: str) -> tuple[str, ...]:
        """Register ``plugin`` and return the hooks it implements.

        Raises:
            PluginError: The name is taken, a hook is unknown or has a wrong argument, or an implementation
                is a wrapper: around a coroutine it would see nothing of what happens.
        """
        try:
            self.manager.register(plugin, name=name)
        except (ValueError, pluggy.PluginValidationError) as error:
            if self.manager.get_plugin(name) is plugin:
                self.unregister(name)
            raise PluginError(f"{name} cannot be registered: {error}.") from error
        try:
            self.manager.check_pending()
            self._refuse_wrappers(plugin, name)
        except (PluginError, pluggy.PluginValidationError) as error:
            self.unregister(name)
            if isinstance(error, PluginError):
                raise
            raise PluginError(
                f"{name} implements something that is no hook: {error}.",
                f"The hooks are {', '.join(hookspecs.HOOKS)}.",
            ) from error
        self._compile()
        return tuple(sorted(hook for owner, hook in self._single if owner == name))

    def unregister(self, name: str) -> None:
        """Forget a plugin and its figures; an unknown name changes nothing."""
        if self.manager.get_plugin(name) is not None:
            self.manager.unregister(name=name)
        self._bound.pop(name, None)
        self._meters = {key: meter for key, meter in self._meters.items() if key[0] != name}
        self._compile()

    def bind(self, name: str, **values: Any) -> None:
        """Arguments that every call of this plugin gets from now on, such as its own ``api``."""
        self._bound[name] = values
        self._compile()

    def implements(self, name: str, hook: str) -> bool:
        """Whether that plugin implements that hook."""
        return (name, hook) in self._single

    def metrics(self) -> tuple[HookMetrics, ...]:
        """The figures of everything that was called, by plugin and hook."""
        return tuple(
            meter.metrics(*key)
            for key, meter in sorted(self._meters.items(), key=lambda row: row[0])
            if meter.calls
        )

    def begin(self, name: str, hook: str, **arguments: Any) -> Any:
        """Call one plugin's implementation: its result, or what to await for it; ``None`` without one.

        A synchronous implementation costs no coroutine. Its errors are the caller's.
        """
        found = self._single.get((name, hook))
        return None if found is None else found.begin(arguments)

    async def call_one(self, name: str, hook: str, **arguments: Any) -> Any:
        """Call one plugin's implementation; its errors are the caller's. ``None`` without one."""
        result = self.begin(name, hook, **arguments)
        return await result if isawaitable(result) else result

    async def call(
        self, hook: str, names: Collection[str] | None = None, **arguments: Any
    ) -> tuple[Outcome, ...]:
        """Call every implementation (of ``names`` only, if given) in order, one after the other; an error
        stops only its own."""
        outcomes = []
        for one in self._rows.get(hook, ()):
            if names is not None and one.plugin not in names:
                continue
            try:
                result = one.begin(arguments)
                outcomes.append(Outcome(one.plugin, await result if isawaitable(result) else result))
            except Exception as error:
                outcomes.append(Outcome(one.plugin, None, error))
        return tuple(outcomes)

    def call_now(self, hook: str, **arguments: Any) -> tuple[Outcome, ...]:
        """Call every implementation in order, all of them synchronous: the way of replayed ticks.

        Outcomes are those of implementations that returned something or raised; an error stops only its own.

        Raises:
            PluginError: An implementation is a coroutine function; nothing was called.
        """
        together = self._together.get(hook)
        if together is None:
            row = self._rows.get(hook)
            if row is None:
                return ()
            if waiting := [one.plugin for one in row if one.waits]:
                raise PluginError(f"{hook} of {', '.join(waiting)} is asynchronous.", "Await `call`.")
            together = self._together[hook] = unrolled(hook, row)
        return together(**arguments)

    def _refuse_wrappers(self, plugin: object, name: str) -> None:
        for caller in self.manager.get_hookcallers(plugin) or ():
            for implementation in caller.get_hookimpls():
                if implementation.plugin is plugin and (implementation.wrapper or implementation.hookwrapper):
                    raise PluginError(
                        f"{name}.{caller.name} is a wrapper.",
                        "Hooks are asynchronous: implement the hook itself.",
                    )

    def _compile(self) -> None:
        self._rows, self._single, self._together = {}, {}, {}
        for hook in hookspecs.HOOKS:
            found = getattr(self.manager.hook, hook).get_hookimpls()
            row = tuple(self._implementation(hook, one) for one in reversed(found))
            if row:
                self._rows[hook] = row
                self._single.update({(one.plugin, hook): one for one in row})

    def _implementation(self, hook: str, one: pluggy.HookImpl) -> Implementation:
        names = tuple(one.argnames)
        bound = self._bound.get(one.plugin_name, {})
        return Implementation(
            plugin=one.plugin_name,
            function=one.function,
            names=names,
            bound={name: value for name, value in bound.items() if name in names},
            meter=self._meters.setdefault((one.plugin_name, hook), Meter()),
            waits=iscoroutinefunction(one.function),
        )
