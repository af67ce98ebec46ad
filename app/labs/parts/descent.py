"""Gradient descent on a regression with one feature: the loss, its gradient by our autograd, its best point, and how a run went.

Linear: mean squared error. Logistic: binary cross-entropy, written as softplus(z) − y z, which cannot overflow.
Both losses are convex. With L the greatest curvature (eigenvalue of the Hessian), gradient descent is sure to converge
for rates under 2 / L (Nesterov 2004, section 1.2.3); for the linear loss, whose curvature is the same everywhere, every greater rate
diverges.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.nn.autograd import Value, sigmoid

Array = NDArray[np.float64]
Verdict = Literal["converges", "crawls", "oscillates", "diverges"]
REACHED = 0.001  # of the fall from the start to the best point, still to go
_NEWTON_STEPS = 50


@dataclass(frozen=True, slots=True)
class Task:
    """One feature x and target y, each (N,); y is 0 or 1 for logistic."""

    model: str
    x: Array
    y: Array

    def loss(self, w: Array | float, b: Array | float) -> Array:
        """For one w and b, or for grids of them: (..., N) -> (...)."""
        z = np.asarray(w)[..., None] * self.x + np.asarray(b)[..., None]  # (..., 1) * (N,) -> (..., N)
        if self.model == "linear":
            return np.asarray(((z - self.y) ** 2).mean(axis=-1))
        return np.asarray((np.logaddexp(0, z) - self.y * z).mean(axis=-1))

    def graph(self, w: float, b: float, one: int | None = None) -> tuple[Value, Value, Value]:
        """The loss as a graph, and its two leaves. one: of a single row, for reading."""
        weight, bias = Value(w, "w"), Value(b, "b")
        x, y = (Value(v if one is None else v[one], name) for v, name in ((self.x, "x"), (self.y, "y")))
        z = (weight * x + bias).called("z")
        if self.model == "linear":
            error = (z - y).called("e")
            loss = error**2 if one is not None else (error**2).mean()
        else:
            each = z.softplus() - y * z
            loss = each if one is not None else each.mean()
        return loss.called("L"), weight, bias

    def gradient(self, w: float, b: float) -> tuple[float, float]:
        """dL/dw and dL/db over all rows."""
        loss, weight, bias = self.graph(w, b)
        loss.backward()
        return float(weight.grad), float(bias.grad)

    def hessian(self, w: float, b: float) -> Array:
        """(2, 2): second derivatives of the loss in w and b."""
        design = np.stack([self.x, np.ones_like(self.x)], axis=1)  # (N, 2)
        if self.model == "linear":
            weight = np.full(len(self.x), 2.0)
        else:
            p = sigmoid(w * self.x + b)
            weight = p * (1 - p)
        return np.asarray((design * weight[:, None]).T @ design / len(self.x))

    def bound(self) -> float:
        """2 / L. For the logistic loss L is that of p(1 − p) = 1/4, the most it can be anywhere."""
        design = np.stack([self.x, np.ones_like(self.x)], axis=1)  # (N, 2)
        most = (2.0 if self.model == "linear" else 0.25) * np.linalg.eigvalsh(design.T @ design / len(self.x))[-1]
        return float(2.0 / most)

    def best(self) -> tuple[float, float]:
        """Where the loss is least: by Newton's method, which needs one step for the linear loss (the normal equation)."""
        at = np.zeros(2)
        for _ in range(1 if self.model == "linear" else _NEWTON_STEPS):
            w, b = (float(value) for value in at)
            at = at - np.linalg.lstsq(self.hessian(w, b), np.array(self.gradient(w, b)), rcond=None)[0]
        return float(at[0]), float(at[1])


@dataclass(frozen=True, slots=True)
class Run:
    """ws, bs, losses: at the start and after each step, up to where the numbers end."""

    ws: tuple[float, ...]
    bs: tuple[float, ...]
    losses: tuple[float, ...]
    least: float

    def gap(self) -> float:
        """How much of the fall from the start to the best point is still to go: 0 at the best, over 1 above the start."""
        fall = self.losses[0] - self.least
        return (self.losses[-1] - self.least) / fall if fall > 0 else 0.0

    def verdict(self) -> Verdict:
        """What the losses say, whatever the theory says."""
        if not math.isfinite(self.losses[-1]) or self.gap() > 1:
            return "diverges"
        if self.gap() <= REACHED:
            return "converges"
        rises = sum(there > here for here, there in zip(self.losses, self.losses[1:], strict=False))
        return "oscillates" if rises > len(self.losses) / 4 else "crawls"


def descend(task: Task, rate: float, steps: int, start: tuple[float, float]) -> Run:
    """w ← w − η dL/dw and b ← b − η dL/db. Ends early where the loss is no number any more."""
    (w, b), least = start, float(task.loss(*task.best()))
    ws, bs, losses = [w], [b], [float(task.loss(w, b))]
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(steps):
            dw, db = task.gradient(w, b)
            w, b = w - rate * dw, b - rate * db
            loss = float(task.loss(w, b))
            ws.append(w)
            bs.append(b)
            losses.append(loss)
            if not math.isfinite(loss):
                break
    return Run(tuple(ws), tuple(bs), tuple(losses), least)


def window(best: tuple[float, float], start: tuple[float, float], size: int = 61) -> tuple[Array, Array]:
    """Axes of a picture that holds the best point in its middle and the start."""
    axes = []
    for middle, corner in zip(best, start, strict=True):
        half = max(abs(middle - corner) * 1.35, 0.5 * max(abs(middle), 0.1))
        axes.append(np.linspace(middle - half, middle + half, size))
    return axes[0], axes[1]


def inside(run: Run, xs: Array, ys: Array) -> tuple[Sequence[float], Sequence[float]]:
    """The path up to where it leaves the picture."""
    kept = 0
    for w, b in zip(run.ws, run.bs, strict=True):
        if not (xs[0] <= w <= xs[-1] and ys[0] <= b <= ys[-1]):
            break
        kept += 1
    return run.ws[:kept], run.bs[:kept]
