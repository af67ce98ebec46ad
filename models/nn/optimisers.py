"""SGD, momentum and Adam, each a few lines, for NumPy arrays and for tensors alike.

    optimiser = Adam(rate=0.001)
    weights = optimiser.step(weights, gradients)        # lists of arrays; the new weights, the old ones are left as they are

The equations are those of torch.optim, to which a test holds them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


class Optimiser(Protocol):
    """Keeps what it must remember between steps itself."""

    def step(self, weights: Sequence[Any], gradients: Sequence[Any]) -> list[Any]:
        """The weights after one step against the gradients. Both lists keep their order from step to step."""
        ...


@dataclass(slots=True)
class Sgd:
    """w ← w − η g (Robbins and Monro 1951)."""

    rate: float

    def step(self, weights: Sequence[Any], gradients: Sequence[Any]) -> list[Any]:
        return [w - self.rate * g for w, g in zip(weights, gradients, strict=True)]


@dataclass(slots=True)
class Momentum:
    """v ← β v + g;  w ← w − η v (Polyak 1964, in the form of torch.optim.SGD)."""

    rate: float
    beta: float = 0.9
    speeds: list[Any] = field(default_factory=list)

    def step(self, weights: Sequence[Any], gradients: Sequence[Any]) -> list[Any]:
        before = self.speeds or [0.0] * len(gradients)
        self.speeds = [self.beta * v + g for v, g in zip(before, gradients, strict=True)]
        return [w - self.rate * v for w, v in zip(weights, self.speeds, strict=True)]


@dataclass(slots=True)
class Adam:
    """m ← β₁ m + (1 − β₁) g;  s ← β₂ s + (1 − β₂) g²;  w ← w − η m̂ / (√ŝ + ε) (Kingma and Ba 2015, algorithm 1).

    m̂ and ŝ are m and s divided by 1 − βᵗ, because both begin at 0.
    """

    rate: float
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    steps: int = 0
    means: list[Any] = field(default_factory=list)
    squares: list[Any] = field(default_factory=list)

    def step(self, weights: Sequence[Any], gradients: Sequence[Any]) -> list[Any]:
        self.steps += 1
        nothing = [0.0] * len(gradients)
        b1, b2 = self.beta1, self.beta2
        self.means = [b1 * m + (1 - b1) * g for m, g in zip(self.means or nothing, gradients, strict=True)]
        self.squares = [b2 * s + (1 - b2) * g * g for s, g in zip(self.squares or nothing, gradients, strict=True)]
        grown1, grown2 = 1 - b1**self.steps, 1 - b2**self.steps
        return [
            w - self.rate * (m / grown1) / ((s / grown2) ** 0.5 + self.epsilon)
            for w, m, s in zip(weights, self.means, self.squares, strict=True)
        ]
