"""Named services and the figures of their calls."""

import inspect

import pytest

from zepix_core.errors import BadArgument
from zepix_core.services.registry import ServiceMetrics, ServiceRegistry


class Service:
    """Two methods that call each other, one that fails."""

    def __init__(self) -> None:
        self.now = 0.0

    async def slow(self, seconds: float) -> float:
        """Takes its time."""
        self.now += seconds
        return seconds

    async def twice(self, seconds: float) -> float:
        return await self.slow(seconds) + await self.slow(seconds)

    def quick(self) -> str:
        return "done"

    def fail(self) -> None:
        raise BadArgument("no")

    async def fail_late(self) -> None:
        raise BadArgument("no")


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def registry(service: Service) -> ServiceRegistry:
    return ServiceRegistry(lambda: service.now)


async def test_calls_are_counted_and_timed(registry: ServiceRegistry, service: Service) -> None:
    shown = registry.add("mine", service)
    await shown.slow(0.010)
    await shown.slow(0.030)
    assert shown.quick() == "done"
    assert registry.metrics()["mine"] == ServiceMetrics(calls=3, mean_ms=13.333)


async def test_what_a_method_asks_of_its_own_service_is_not_counted_again(
    registry: ServiceRegistry, service: Service
) -> None:
    assert await registry.add("mine", service).twice(0.010) == 0.020
    assert registry.metrics()["mine"].calls == 1


async def test_what_raises_is_an_error_and_is_raised(registry: ServiceRegistry, service: Service) -> None:
    shown = registry.add("mine", service)
    with pytest.raises(BadArgument):
        shown.fail()
    with pytest.raises(BadArgument):
        await shown.fail_late()
    shown.quick()
    told = registry.metrics()["mine"]
    assert (told.calls, told.errors, told.error_rate) == (3, 2, 66.67)


def test_a_service_without_calls_is_well(registry: ServiceRegistry, service: Service) -> None:
    registry.add("mine", service)
    assert registry.health().healthy
    assert registry.metrics()["mine"] == ServiceMetrics()


def test_few_calls_prove_nothing_and_many_errors_are_ill(registry: ServiceRegistry, service: Service) -> None:
    shown = registry.add("mine", service)
    registry.add("other", Service())
    for number in range(20):
        assert registry.health().healthy, number
        with pytest.raises(BadArgument):
            shown.fail()
    health = registry.health()
    assert not health.healthy
    assert [health.services[name].healthy for name in ("mine", "other")] == [False, True]


def test_one_error_in_twenty_is_well_and_old_errors_are_forgotten(
    registry: ServiceRegistry, service: Service
) -> None:
    shown = registry.add("mine", service)
    with pytest.raises(BadArgument):
        shown.fail()
    for _ in range(19):
        shown.quick()
    assert registry.health().healthy
    for _ in range(10):
        with pytest.raises(BadArgument):
            shown.fail()
    assert not registry.health().healthy
    for _ in range(100):
        shown.quick()
    assert registry.health().healthy
    assert registry.metrics()["mine"].errors == 11


def test_services_are_found_by_name(registry: ServiceRegistry, service: Service) -> None:
    shown = registry.add("mine", service)
    assert registry.names() == ("mine",)
    assert registry.get("mine") is shown
    with pytest.raises(BadArgument, match="no service 'yours'") as caught:
        registry.get("yours")
    assert "mine" in caught.value.hint


def test_a_counted_method_looks_as_it_was_written(registry: ServiceRegistry, service: Service) -> None:
    shown = registry.add("mine", service)
    assert inspect.iscoroutinefunction(shown.slow) and not inspect.iscoroutinefunction(shown.quick)
    assert shown.slow.__doc__ == "Takes its time."
    assert str(inspect.signature(shown.slow)) == "(seconds: float) -> float"
