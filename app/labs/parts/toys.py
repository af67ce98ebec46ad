"""Two groups of points in the plane: moons, circles, XOR and the spiral."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


def points(name: str, count: int, noise: float, seed: int) -> tuple[Points, NDArray[np.int64]]:
    """(N, 2) within about -1.3 to 1.3, and (N,) of 0 and 1 in turn. noise: standard deviation of what is added to each coordinate."""
    draw = np.random.default_rng(seed)
    kinds = np.arange(count) % 2
    placed = TOYS[name](draw, kinds) + noise * draw.normal(size=(count, 2))
    return placed, kinds.astype(np.int64)


def moons(draw: np.random.Generator, kinds: NDArray[np.int64]) -> Points:
    """Two half circles, each reaching into the other."""
    angle = np.pi * draw.random(len(kinds))
    x = np.where(kinds == 0, np.cos(angle), 1 - np.cos(angle)) - 0.5
    y = np.where(kinds == 0, np.sin(angle), 0.5 - np.sin(angle)) - 0.25
    return np.stack([x, y], axis=1) * 0.8  # (N,), (N,) -> (N, 2)


def circles(draw: np.random.Generator, kinds: NDArray[np.int64]) -> Points:
    """A disc within a ring."""
    angle = 2 * np.pi * draw.random(len(kinds))
    radius = np.where(kinds == 0, 0.45 * np.sqrt(draw.random(len(kinds))), 0.8 + 0.3 * draw.random(len(kinds)))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)  # (N,), (N,) -> (N, 2)


def xor(draw: np.random.Generator, kinds: NDArray[np.int64]) -> Points:
    """Four corners, opposite ones of one group."""
    x = draw.choice([-1.0, 1.0], len(kinds))
    y = np.where(kinds == 0, x, -x)
    return np.stack([x, y], axis=1) * draw.uniform(0.15, 1.0, (len(kinds), 2))


def spiral(draw: np.random.Generator, kinds: NDArray[np.int64]) -> Points:
    """Two arms, one and a half turns each."""
    along = np.sqrt(draw.random(len(kinds)))
    angle = 3 * np.pi * along + np.pi * kinds
    radius = 0.1 + along
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)  # (N,), (N,) -> (N, 2)


TOYS: dict[str, Callable[[np.random.Generator, NDArray[np.int64]], Points]] = {
    toy.__name__: toy for toy in (moons, circles, xor, spiral)
}
