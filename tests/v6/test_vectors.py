"""Every vector of the V6 sheet, run through the functions the plugins themselves run."""

import pytest

from .vectors import Vector, all_vectors, differences, run

VECTORS = [pytest.param(vector, id=f"v6-vector-{label}") for label, vector in all_vectors()]


@pytest.mark.parametrize("vector", VECTORS)
def test_v6_vector(vector: Vector) -> None:
    got = run(vector)
    expected = {key: value for key, value in vector.data["expected"].items() if key != "error"}
    assert not differences(expected, got), got


def test_malformed_bodies_of_the_vectors_get_their_codes() -> None:
    """The codes are advice, so they are judged apart from the verdicts."""
    found = {name: vector.data for name, vector in all_vectors() if "error" in vector.data["expected"]}
    codes = {name: run(Vector(data))["error"] for name, data in found.items()}
    assert codes == {name: data["expected"]["error"] for name, data in found.items()}


def test_the_repository_holds_all_v6_vectors() -> None:
    assert len(VECTORS) >= 152
