"""The services of one plugin by name, and how their calls go."""

import functools
import inspect
from collections import deque
from collections.abc import Callable, Mapping
from copy import copy
from typing import Any

import attrs

from zepix_core.errors import BadArgument

RECENT, LEAST_RECENT, MOST_ERRORS_PERCENT = 100, 20, 5.0


@attrs.frozen(kw_only=True)
class ServiceMetrics:
    """Calls of one service since the plugin was started. A call that another makes of the same service is
    part of it; a refusal is an answer, not an error.

    Attributes:
        errors: Calls that raised.
        mean_ms: Mean duration in milliseconds, waiting for the host included; 0.0 before the first call.
        error_rate: Percent of the calls that raised.
        healthy: At most 5 % of the last 100 calls raised, or there were fewer than 20.
    """

    calls: int = 0
    errors: int = 0
    mean_ms: float = 0.0
    error_rate: float = 0.0
    healthy: bool = True


@attrs.frozen(kw_only=True)
class ServicesHealth:
    """``check_health``; ``healthy`` when every service is.

    Attributes:
        services: The figures of each service by its name.
    """

    healthy: bool
    services: Mapping[str, ServiceMetrics]


class _Meter:
    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._calls = self._errors = 0
        self._seconds = 0.0
        self._recent: deque[bool] = deque(maxlen=RECENT)

    def around(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """The method, counted and timed."""
        if inspect.iscoroutinefunction(method):

            @functools.wraps(method)
            async def waited(*arguments: Any, **named: Any) -> Any:
                began = self._monotonic()
                try:
                    result = await method(*arguments, **named)
                except Exception:
                    self._note(began, failed=True)
                    raise
                self._note(began, failed=False)
                return result

            return waited

        @functools.wraps(method)
        def called(*arguments: Any, **named: Any) -> Any:
            began = self._monotonic()
            try:
                result = method(*arguments, **named)
            except Exception:
                self._note(began, failed=True)
                raise
            self._note(began, failed=False)
            return result

        return called

    def _note(self, began: float, *, failed: bool) -> None:
        self._calls += 1
        self._errors += failed
        self._seconds += self._monotonic() - began
        self._recent.append(failed)

    def read(self) -> ServiceMetrics:
        """The figures so far."""
        calls, recent = self._calls, len(self._recent)
        return ServiceMetrics(
            calls=calls,
            errors=self._errors,
            mean_ms=round(self._seconds * 1000 / calls, 3) if calls else 0.0,
            error_rate=round(self._errors * 100 / calls, 2) if calls else 0.0,
            healthy=recent < LEAST_RECENT or sum(self._recent) * 100 <= MOST_ERRORS_PERCENT * recent,
        )


class ServiceRegistry:
    """Named services. What `get` gives for ``orders`` is ``api.orders``."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._services: dict[str, Any] = {}
        self._meters: dict[str, _Meter] = {}

    def add(self, name: str, service: Any) -> Any:
        """Name a service, and return it as callers are to use it: its public methods are counted."""
        # A copy: the methods call each other on the service itself, where nothing counts them again.
        shown, meter = copy(service), _Meter(self._monotonic)
        for method, _ in inspect.getmembers(type(service), inspect.isfunction):
            if not method.startswith("_"):
                setattr(shown, method, meter.around(getattr(service, method)))
        self._services[name], self._meters[name] = shown, meter
        return shown

    def names(self) -> tuple[str, ...]:
        """The names of the services."""
        return tuple(self._services)

    def get(self, name: str) -> Any:
        """A service by its name.

        Raises:
            BadArgument: There is none of that name.
        """
        if name not in self._services:
            raise BadArgument(f"There is no service {name!r}.", f"There are {', '.join(self._services)}.")
        return self._services[name]

    def metrics(self) -> dict[str, ServiceMetrics]:
        """Calls, errors, mean duration and error rate of each service."""
        return {name: meter.read() for name, meter in self._meters.items()}

    def health(self) -> ServicesHealth:
        """The figures, with a verdict."""
        told = self.metrics()
        return ServicesHealth(healthy=all(one.healthy for one in told.values()), services=told)
