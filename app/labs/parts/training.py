"""Trains a perceptron on rows of numbers and tells how it goes: what labs 3's both parts share."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from models.nn.mlp import Mlp

TELL_S = 0.5  # at most so often
SEEN = 2000  # rows on which the training set itself is judged


@dataclass(frozen=True, slots=True)
class Rows:
    """inputs: (N, F) float32; kinds: (N,) int64."""

    inputs: Tensor
    kinds: Tensor

    def first(self, most: int) -> Rows:
        return Rows(self.inputs[:most], self.kinds[:most])


@dataclass(slots=True)
class Curves:
    """By epoch, from 0 before the first: mean cross-entropy and share right, on the training and on the held-out rows."""

    epochs: list[float] = field(default_factory=list)
    train_loss: list[float] = field(default_factory=list)
    held_loss: list[float] = field(default_factory=list)
    train: list[float] = field(default_factory=list)
    held: list[float] = field(default_factory=list)

    def note(self, epoch: float, net: Mlp, train: Rows, held: Rows) -> None:
        """Judges the network as it is."""
        self.epochs.append(epoch)
        for rows, losses, shares in (
            (train.first(SEEN), self.train_loss, self.train),
            (held, self.held_loss, self.held),
        ):
            loss, share = judge(net, rows)
            losses.append(loss)
            shares.append(share)


def judge(net: Mlp, rows: Rows) -> tuple[float, float]:
    """Mean cross-entropy and share right."""
    from torch.nn import functional

    scores = net.logits(rows.inputs)  # (N, K)
    loss: Any = functional.cross_entropy(scores, rows.kinds)
    return float(loss), float((scores.argmax(dim=1) == rows.kinds).float().mean())


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and in which order. The order of the rows is drawn by the seed."""

    epochs: int
    batch: int
    seed: int

    def steps(self, rows: int) -> int:
        """Of one epoch."""
        return max(1, math.ceil(rows / self.batch))


def train(net: Mlp, rows: Rows, held: Rows, plan: Plan) -> Iterator[tuple[float, Curves]]:
    """The share that is done and the curves, at most every TELL_S seconds, and at the end. Judged before the first epoch and after
    each, so that the curves do not depend on the clock."""
    import torch

    draw = torch.Generator().manual_seed(plan.seed)
    curves, told, steps = Curves(), time.monotonic(), plan.steps(len(rows.kinds))
    curves.note(0, net, rows, held)
    for epoch in range(plan.epochs):
        order = torch.randperm(len(rows.kinds), generator=draw)
        for step in range(steps):
            chosen = order[step * plan.batch : (step + 1) * plan.batch]
            net.learn(rows.inputs[chosen], rows.kinds[chosen])
            if time.monotonic() - told > TELL_S:
                told = time.monotonic()
                yield (epoch * steps + step) / (plan.epochs * steps), curves
        curves.note(epoch + 1, net, rows, held)
        if not math.isfinite(curves.train_loss[-1]):
            break
    yield 1.0, curves
