"""How diverse generated pictures are, and whether they are copies: measured, because a loss says neither.

kinds     e^H of the classes that a small classifier sees in them: 10 where all come equally often, 1 where only one does
spread    mean distance between two of them, over that between two real ones: small where they are all alike
nearest   median distance to the nearest training picture, over that of real pictures the generator never saw: small for copies,
          large for what looks like no real picture
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.labs.parts.training import Rows, judge

if TYPE_CHECKING:
    from torch import Tensor

    from models.nn.mlp import ScratchMlp

HIDDEN, STEPS, BATCH, RATE = 128, 400, 64, 0.001  # of the classifier
COMPARED = 200  # pictures whose distances are taken


@dataclass(frozen=True, slots=True)
class Judge:
    """net: a classifier of real pictures; accuracy: on `held`, real ones it never saw. train, held: (N, 1, 28, 28) from -1 to 1."""

    net: ScratchMlp
    accuracy: float
    train: Tensor
    held: Tensor
    classes: int

    def classify(self, images: Tensor) -> NDArray[np.int64]:
        """(N, 1, 28, 28) -> (N,), places in the classes."""
        said: NDArray[np.int64] = self.net.logits(images.flatten(1)).argmax(dim=1).numpy()
        return said

    def histogram(self, images: Tensor) -> NDArray[np.float64]:
        """Share of each class in them: (classes,)."""
        return np.bincount(self.classify(images), minlength=self.classes) / len(images)

    def kinds(self, images: Tensor) -> float:
        """See the module."""
        return effective(self.histogram(images))

    def spread(self, images: Tensor) -> float:
        """See the module."""
        return _mean_distance(images) / _mean_distance(self.held)

    def nearest(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Distance to the nearest training picture and its place: (N,), (N,)."""
        import torch

        distances = torch.cdist(images.flatten(1), self.train.flatten(1))  # (N, 784), (M, 784) -> (N, M)
        found = distances.min(dim=1)
        return found.values, found.indices

    def novelty(self, images: Tensor) -> float:
        """`nearest` of the module's list."""
        ours, theirs = (self.nearest(some[:COMPARED])[0].median() for some in (images, self.held))
        return float(ours / theirs.clamp(min=1e-6))


def effective(shares: NDArray[np.float64]) -> float:
    """e^H with H = -Σ p ln p (Shannon 1948): how many equally frequent classes have this entropy (Hill 1973)."""
    held = shares[shares > 0]
    return float(np.exp(-(held * np.log(held)).sum()))


def _mean_distance(images: Tensor) -> float:
    import torch

    return float(torch.pdist(images[:COMPARED].flatten(1)).mean().clamp(min=1e-6)) if len(images) > 1 else 1.0


def trained_judge(train: Rows, held: Rows, classes: int, seed: int) -> Judge:
    """inputs: (N, 1, 28, 28) from -1 to 1. A perceptron learns the classes in a second or two."""
    import torch

    from models.nn.mlp import Recipe, ScratchMlp

    flat = train.inputs.flatten(1)  # (N, 1, 28, 28) -> (N, 784)
    net = ScratchMlp(Recipe((flat.shape[1], HIDDEN, classes), rate=RATE, seed=seed))
    draw = torch.Generator().manual_seed(seed)
    for _ in range(STEPS):
        chosen = torch.randint(len(flat), (min(BATCH, len(flat)),), generator=draw)
        net.learn(flat[chosen], train.kinds[chosen])
    accuracy = judge(net, Rows(held.inputs.flatten(1), held.kinds))[1]
    return Judge(net, accuracy, train.inputs, held.inputs, classes)
