"""Three surfaces on which optimisers differ, and a race on one of them.

valley      ½ (x² + κ y²): steep across, shallow along
rosenbrock  (1 − x)² + 100 (y − x²)²: a bent valley (Rosenbrock 1960)
saddle      ½ x² − ½ y² + ¼ y⁴: flat where it is neither top nor bottom, least at y = ±1
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.nn.autograd import Array, Value
from models.nn.optimisers import Adam, Momentum, Optimiser, Sgd

NAMES = ("sgd", "momentum", "adam")
REACHED = 0.01  # of the fall from the start, still to go
_LIMIT = 1e6  # how far from the start a path is followed


@dataclass(frozen=True, slots=True)
class Hill:
    """f: of two Values or of arrays alike. start: of the race; least: the lowest f; span: what a picture shows, (x, y) low and high."""

    f: Callable[..., Value]
    start: tuple[float, float]
    least: float
    span: tuple[tuple[float, float], tuple[float, float]]

    def gradient(self, at: Array) -> Array:
        """df/dx and df/dy by our autograd: (2,) -> (2,)."""
        x, y = Value(at[0], "x"), Value(at[1], "y")
        self.f(x, y).backward()
        return np.array([float(x.grad), float(y.grad)])

    def heights(self, xs: Array, ys: Array) -> Array:
        """f on a grid: (len(ys), len(xs)), from the lowest point up."""
        grid: Array = self.f(*(Value(axis) for axis in np.meshgrid(xs, ys))).data
        return grid - self.least


def hill(name: str, curvature: float) -> Hill:
    """By its name. curvature: κ of the valley."""
    if name == "valley":
        return Hill(lambda x, y: (x * x + y * y * curvature) * 0.5, (-4.0, 1.0), 0.0, ((-4.6, 2.6), (-1.6, 1.6)))
    if name == "rosenbrock":
        return Hill(
            lambda x, y: (1.0 - x) ** 2 + (y - x * x) ** 2 * 100.0, (-1.2, 1.0), 0.0, ((-1.8, 1.8), (-0.8, 2.2))
        )
    return Hill(lambda x, y: x * x * 0.5 - y * y * 0.5 + y**4 * 0.25, (1.0, 0.001), -0.25, ((-1.4, 1.4), (-1.5, 1.5)))


def optimiser(name: str, rate: float, beta: float) -> Optimiser:
    """By its name. beta: of momentum, and of Adam's mean."""
    if name == "sgd":
        return Sgd(rate)
    return Momentum(rate, beta) if name == "momentum" else Adam(rate, beta1=beta)


@dataclass(frozen=True, slots=True)
class Path:
    """One optimiser's way. points: (steps + 1, 2); gaps: f above the lowest, at each point."""

    name: str
    rate: float
    points: Array
    gaps: tuple[float, ...]

    def arrived(self) -> int | None:
        """The first step from which on only a hundredth of the start's gap is left; None where it does not stay so."""
        near = [gap <= REACHED * self.gaps[0] for gap in self.gaps]
        if not near[-1]:
            return None
        return len(near) - next((n for n, good in enumerate(reversed(near)) if not good), len(near))

    def diverged(self) -> bool:
        """True where it ends higher than it began, or beyond all numbers."""
        return not math.isfinite(self.gaps[-1]) or self.gaps[-1] > self.gaps[0]


@dataclass(frozen=True, slots=True)
class Race:
    """What all have in common. noise: standard deviation of what is added to each gradient, as minibatches do."""

    ground: Hill
    steps: int
    beta: float = 0.9
    noise: float = 0.0
    seed: int = 0

    def run(self, name: str, rate: float) -> Path:
        """The same noise for each optimiser. Ends where the numbers leave all bounds."""
        draw, way = np.random.default_rng(self.seed), optimiser(name, rate, self.beta)
        at = np.array(self.ground.start)
        points = [at]
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(self.steps):
                gradient = self.ground.gradient(at) + self.noise * draw.normal(size=2)
                at = way.step([at], [gradient])[0]
                points.append(at)
                if not np.isfinite(at).all() or np.abs(at).max() > _LIMIT:
                    break
            path = np.array(points)  # (steps + 1, 2)
            gaps = self.ground.f(Value(path[:, 0]), Value(path[:, 1])).data - self.ground.least
        return Path(name, rate, path, tuple(float(gap) if math.isfinite(gap) else math.inf for gap in gaps))

    def best(self, name: str, rates: Array) -> Path:
        """The path of the rate that arrives first, or else ends lowest."""
        paths = [self.run(name, float(rate)) for rate in rates]
        return min(paths, key=lambda path: (path.arrived() or math.inf, path.gaps[-1]))
