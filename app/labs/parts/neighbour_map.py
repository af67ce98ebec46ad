"""A map of vectors that keeps neighbours together: UMAP (McInnes, Healy and Melville 2018) for some hundred points.

    places = spread(distances, start)          (N, N), (N, 2) -> (N, 2)
    kept(distances, places)                    share of each point's nearest that are nearest on the map, too

Every point's distances become shares of neighbourhood, 1 for its nearest, adding up to log₂ k over its k nearest; on the map, points lie
so that neighbours attract and all others push each other away. That is skip-gram's idea once more: true pairs together, random pairs
apart. The package umap-learn would bring numba and LLVM, more than everything else the labs need; so few points need neither its search
for neighbours nor its drawing of negatives: here every pair pushes, with the weight that the draws have on average (Damrich and
Hamprecht 2021). So the same vectors always give the same map.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
NEIGHBOURS, NEGATIVES, STEPS = 10, 5, 400
A, B = 1.577, 0.895  # of 1 / (1 + a d^2b), fitted so that points come as near as 0.1 (the paper's min_dist)
FIRST_RATE, LONGEST_PULL = 0.25, 4.0
ROOM = 10.0  # half the side of the map at the start
TINY = 1e-3
HALVINGS = 40  # of the interval in which a width is looked for


def memberships(distances: Numbers, neighbours: int = NEIGHBOURS) -> Numbers:
    """How much each point counts as a neighbour of another, either way: (N, N), symmetric, from 0 to 1."""
    points = len(distances)
    many = min(neighbours, points - 1)
    apart = distances + np.diag(np.full(points, np.inf))
    nearest = np.argsort(apart, axis=1, kind="stable")[:, :many]  # (N, K)
    near = np.take_along_axis(apart, nearest, axis=1)
    beyond = np.maximum(near - near[:, :1], 0)  # how much farther than the nearest
    shares = np.exp(-beyond / _widths(beyond)[:, None])
    directed = np.zeros((points, points))
    np.put_along_axis(directed, nearest, shares, axis=1)
    return directed + directed.T - directed * directed.T  # (N, N)


def _widths(beyond: Numbers) -> Numbers:
    """By halving: the width (N,) with which each row of exp(-beyond / width) adds up to log₂ K."""
    wanted = np.log2(beyond.shape[1]) if beyond.shape[1] > 2 else 1.0
    low, high = np.full(len(beyond), 1e-9), np.full(len(beyond), float(beyond.max()) * 100 + 1)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        wide = np.exp(-beyond / middle[:, None]).sum(axis=1) > wanted
        high, low = np.where(wide, middle, high), np.where(wide, low, middle)
    halved: Numbers = (low + high) / 2
    return halved


def spread(distances: Numbers, start: Numbers, steps: int = STEPS) -> Numbers:
    """Places (N, 2) from those of `start` (N, 2), by gradient descent on the cross-entropy of neighbourhoods."""
    pull = memberships(distances)
    degrees = pull.sum(axis=1)
    push = NEGATIVES * (degrees[:, None] + degrees[None, :]) / (2 * len(pull))
    np.fill_diagonal(push, 0)
    places = start * (ROOM / max(float(np.abs(start).max()), TINY))
    for step in range(steps):
        between = places[:, None] - places[None, :]  # (N, N, 2)
        squared = (between**2).sum(axis=-1) + TINY  # (N, N)
        near = 1 / (1 + A * squared**B)
        strength = push * 2 * B * near / squared - pull * 2 * A * B * squared ** (B - 1) * near
        force = np.clip(strength[:, :, None] * between, -LONGEST_PULL, LONGEST_PULL).sum(axis=1)  # (N, N, 2) -> (N, 2)
        places = places + FIRST_RATE * (1 - step / steps) * force
    return np.asarray(places - places.mean(axis=0), dtype=np.float64)


def kept(distances: Numbers, places: Numbers, many: int = 5) -> float:
    """Of each point's `many` nearest by `distances` (N, N), the share that are among its `many` nearest on the map (N, 2)."""
    many = min(many, len(distances) - 1)
    between = np.linalg.norm(places[:, None] - places[None, :], axis=-1)  # (N, N, 2) -> (N, N)
    true, mapped = (_nearest(each, many) for each in (distances, between))
    return sum(len(a & b) for a, b in zip(true, mapped, strict=True)) / (many * len(true))


def _nearest(distances: Numbers, many: int) -> list[set[int]]:
    apart = distances + np.diag(np.full(len(distances), np.inf))
    return [set(row[:many].tolist()) for row in np.argsort(apart, axis=1, kind="stable")]
