"""Calling hooks through a table that is compiled once per change of what is registered."""

import inspect
from collections.abc import Callable, Collection
from types import ModuleType
from typing import Any

import attrs
import pluggy

from zepix_core import hookspecs
from zepix_core.errors import PluginError


@attrs.frozen
class Outcome:
    """What one implementation did: its result, or its error."""

    plugin: str
    result: Any = None
    error: BaseException | None = None


@attrs.frozen
class _Compiled:
    plugin: str
    function: Callable[..., Any]
    names: tuple[str, ...]

    async def run(self, arguments: dict[str, Any]) -> Any:
        result = self.function(*[arguments[name] for name in self.names])
        return await result if inspect.isawaitable(result) else result


class Dispatcher:
    """A pluggy manager whose hooks may be asynchronous, each implementation failing for itself.

    The order is pluggy's: last registered first, ``tryfirst`` and ``trylast`` respected.
    """

    def __init__(self, specs: ModuleType = hookspecs) -> None:
        self.manager = pluggy.PluginManager(hookspecs.PROJECT)
        self.manager.add_hookspecs(specs)
        self._table: dict[str, tuple[_Compiled, ...]] = {}
        self._single: dict[tuple[str, str], _Compiled] = {}

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
        """Forget a plugin; an unknown name changes nothing."""
        if self.manager.get_plugin(name) is not None:
            self.manager.unregister(name=name)
        self._compile()

    def implements(self, name: str, hook: str) -> bool:
        """Whether that plugin implements that hook."""
        return (name, hook) in self._single

    async def call_one(self, name: str, hook: str, **arguments: Any) -> Any:
        """Call one plugin's implementation; its errors are the caller's. ``None`` without one."""
        compiled = self._single.get((name, hook))
        return None if compiled is None else await compiled.run(arguments)

    async def call(
        self, hook: str, names: Collection[str] | None = None, **arguments: Any
    ) -> tuple[Outcome, ...]:
        """Call every implementation (of ``names`` only, if given) in order, one after the other; an error
        stops only its own."""
        outcomes = []
        for compiled in self._table.get(hook, ()):
            if names is not None and compiled.plugin not in names:
                continue
            try:
                outcomes.append(Outcome(compiled.plugin, await compiled.run(arguments)))
            except Exception as error:
                outcomes.append(Outcome(compiled.plugin, None, error))
        return tuple(outcomes)

    def _refuse_wrappers(self, plugin: object, name: str) -> None:
        for caller in self.manager.get_hookcallers(plugin) or ():
            for implementation in caller.get_hookimpls():
                if implementation.plugin is plugin and (implementation.wrapper or implementation.hookwrapper):
                    raise PluginError(
                        f"{name}.{caller.name} is a wrapper.",
                        "Hooks are asynchronous: implement the hook itself.",
                    )

    def _compile(self) -> None:
        self._table, self._single = {}, {}
        for hook in hookspecs.HOOKS:
            caller = getattr(self.manager.hook, hook)
            row = tuple(
                _Compiled(i.plugin_name, i.function, tuple(i.argnames))
                for i in reversed(caller.get_hookimpls())
            )
            self._table[hook] = row
            for compiled in row:
                self._single[compiled.plugin, hook] = compiled
