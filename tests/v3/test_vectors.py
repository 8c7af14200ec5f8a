"""Every vector of the V3 sheet, run through the functions the plugin itself runs."""

import pytest

from .vectors import Vector, all_vectors, differences, run

VECTORS = [pytest.param(vector, id=f"v3-vector-{label}") for label, vector in all_vectors()]


@pytest.mark.parametrize("vector", VECTORS)
def test_v3_vector(vector: Vector) -> None:
    got = run(vector)
    assert not differences(vector.expected, got), got


def test_the_repository_holds_all_v3_vectors() -> None:
    assert len(VECTORS) >= 146
