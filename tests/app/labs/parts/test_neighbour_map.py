"""The map that keeps neighbours: shares as the paper has them, groups apart that two directions cannot part, and no surprises."""

from __future__ import annotations

import numpy as np
import pytest

from app.labs.parts.neighbour_map import kept, memberships, spread
from app.labs.parts.word_pairs import principal, unit


def groups(many: int = 8, each: int = 8) -> np.ndarray:
    """Unit vectors in `many` directions at right angles: (many * each, many)."""
    rng = np.random.default_rng(0)
    return unit(np.repeat(np.eye(many), each, axis=0) + 0.2 * rng.standard_normal((many * each, many)))


def apart(vectors: np.ndarray) -> np.ndarray:
    return np.maximum(1 - vectors @ vectors.T, 0)


def test_shares_of_neighbourhood_are_one_for_the_nearest_and_both_ways_the_same() -> None:
    distances = np.abs(np.subtract.outer(np.arange(12.0) ** 2, np.arange(12.0) ** 2))
    shares = memberships(distances, neighbours=4)
    assert shares == pytest.approx(shares.T)
    assert np.diag(shares) == pytest.approx(np.zeros(12))
    assert shares.max(axis=1) == pytest.approx(np.ones(12), abs=1e-6)
    assert (shares.sum(axis=1) > np.log2(4) - 1e-6).all(), "its own log₂ k, and what others add"


def test_groups_that_two_directions_mix_lie_apart() -> None:
    vectors = groups()
    distances, (flat, _) = apart(vectors), principal(vectors)
    places = spread(distances, flat)
    assert kept(distances, places) > kept(distances, flat) + 0.15
    kinds = np.repeat(np.arange(8), 8)
    between = np.linalg.norm(places[:, None] - places[None, :], axis=-1) + np.diag(np.full(64, np.inf))
    assert (kinds[between.argmin(axis=1)] == kinds).mean() > 0.9


def test_the_same_vectors_give_the_same_map() -> None:
    vectors = groups(4, 5)
    flat, _ = principal(vectors)
    assert np.array_equal(spread(apart(vectors), flat), spread(apart(vectors), flat))


@pytest.mark.parametrize("vectors", [np.eye(2), np.ones((6, 3)), np.zeros((5, 2))], ids=["two", "same", "zero"])
def test_hardly_any_points_and_points_that_coincide_stay_finite(vectors: np.ndarray) -> None:
    flat, _ = principal(vectors)
    places = spread(apart(unit(vectors)), flat)
    assert np.isfinite(places).all() and places.shape == (len(vectors), 2)
    assert 0 <= kept(apart(unit(vectors)), places) <= 1
