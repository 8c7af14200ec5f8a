"""All synchronous implementations of a hook as one function without a loop: calling them costs little more
than they do."""

from asyncio import CancelledError
from collections.abc import Awaitable, Callable
from typing import Any

import attrs

from zepix_core.clock import stopwatch_ns
from zepix_core.errors import PluginError
from zepix_core.plugins.implementation import Implementation

GUARDED = (Exception, SystemExit, CancelledError)
HEAD = """\
def call({parameters}**others):
    told = []
    last = stopwatch()
"""
STEP = """\
    try:
        result = function_{number}({arguments})
        if result is not None:
            told.append(Outcome(plugin_{number}, here(result)))
    except GUARDED as error:
        meter_{number}.errors += 1
        told.append(Outcome(plugin_{number}, None, error))
    now = stopwatch()
    meter_{number}.calls += 1
    meter_{number}.spent_ns += now - last
    last = now
"""
TAIL = """\
    return tuple(told)
"""


@attrs.frozen
class Outcome:
    """What one implementation did: its result, or its error."""

    plugin: str
    result: Any = None
    error: BaseException | None = None


def unrolled(hook: str, implementations: tuple[Implementation, ...]) -> Callable[..., tuple[Outcome, ...]]:
    """A function of the hook's arguments, by name, that calls each implementation, guarded and timed.

    Its text holds nothing but numbers and the names of the hook's own arguments.
    """
    parameters = dict.fromkeys(name for one in implementations for name in one.free)
    lines = [HEAD.format(parameters="".join(f"{name}, " for name in parameters))]
    inside: dict[str, Any] = {
        "GUARDED": GUARDED,
        "Outcome": Outcome,
        "here": _here,
        "stopwatch": stopwatch_ns,
    }
    for number, one in enumerate(implementations):
        arguments = [f"{name}_{number}" if name in one.bound else name for name in one.names]
        lines.append(STEP.format(number=number, arguments=", ".join(arguments)))
        inside |= {f"{name}_{number}": value for name, value in one.bound.items()}
        inside |= {
            f"function_{number}": one.function,
            f"plugin_{number}": one.plugin,
            f"meter_{number}": one.meter,
        }
    exec(compile("".join([*lines, TAIL]), f"<all {hook}>", "exec"), inside)  # noqa: S102 (our own text)
    made: Callable[..., tuple[Outcome, ...]] = inside["call"]
    return made


def _here(result: Any) -> Any:
    """A result that is here already.

    Raises:
        PluginError: It would have to be awaited.
    """
    if isinstance(result, Awaitable):
        if hasattr(result, "close"):
            result.close()
        raise PluginError("it returned something to be awaited.", "Declare the hook with `async def`.")
    return result
