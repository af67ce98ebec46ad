"""Trains a recurrent reader on reviews and judges it: batches of about the same length, clipped gradients, a rate that falls."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.labs.parts.rnn_units import PADDING

if TYPE_CHECKING:
    from torch import Tensor

    from models.nn.recurrent import Reader

TELL_S = 0.5  # at most so often
SEEN = 1000  # training reviews on which the training set itself is judged
POOL = 50  # batches that are sorted by length together
JUDGED = 256  # reviews at once
CLIPPED = 1.0
MOMENTS = 10  # of an epoch, at which the curve goes on


@dataclass(frozen=True, slots=True)
class Reviews:
    """numbers: of each review's units, one at least. kinds: (N,) int64."""

    numbers: Sequence[Sequence[int]]
    kinds: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.kinds)

    def batch(self, chosen: Sequence[int]) -> tuple[Tensor, Tensor, Tensor]:
        """Units (B, T) filled up with padding, lengths (B,), kinds (B,)."""
        import torch

        texts = [self.numbers[n] for n in chosen]
        lengths = [len(text) for text in texts]
        longest = max(lengths)
        units = torch.tensor([[*text, *[PADDING] * (longest - len(text))] for text in texts])
        return units, torch.tensor(lengths), torch.from_numpy(self.kinds[list(chosen)])


@dataclass(frozen=True, slots=True)
class Plan:
    """dropout: of what the recurrent layer is given and gives. The order of the reviews is drawn by the seed."""

    epochs: int
    rate: float
    dropout: float
    seed: int
    batch: int


@dataclass(slots=True)
class Curves:
    """By epoch, from 0 before the first: mean cross-entropy and share right, on training and on held-out reviews. In between, at
    each of `moments`, the mean loss of the batches since the one before, as they were learned, with dropout."""

    epochs: list[float] = field(default_factory=list)
    train_loss: list[float] = field(default_factory=list)
    held_loss: list[float] = field(default_factory=list)
    train: list[float] = field(default_factory=list)
    held: list[float] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)
    batch_loss: list[float] = field(default_factory=list)

    def note(self, epoch: float, net: Reader, train: Reviews, held: Reviews) -> None:
        """Judges the network as it is."""
        self.epochs.append(epoch)
        few = Reviews(train.numbers[:SEEN], train.kinds[:SEEN])
        for reviews, losses, right in ((few, self.train_loss, self.train), (held, self.held_loss, self.held)):
            given = probabilities(net, reviews.numbers)  # (N, K)
            own = given[np.arange(len(reviews)), reviews.kinds]
            losses.append(float(-np.log(own.clip(1e-30)).mean()))
            right.append(float((given.argmax(axis=1) == reviews.kinds).mean()))


def probabilities(net: Reader, numbers: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """Of each class, for each review: (N, K). Reviews of about the same length are read together."""
    import torch

    reviews = Reviews(numbers, np.zeros(len(numbers), np.int64))
    order = np.argsort([len(each) for each in numbers], kind="stable")
    found = np.zeros((len(numbers), net.shape.kinds))
    with torch.no_grad():
        for start in range(0, len(order), JUDGED):
            chosen = order[start : start + JUDGED].tolist()
            units, lengths, _ = reviews.batch(chosen)
            found[chosen] = net(units, lengths).softmax(dim=1).numpy()
    return found


def batches(lengths: Sequence[int], size: int, draw: np.random.Generator) -> list[list[int]]:
    """Every review once. POOL batches at a time are sorted by length, so that little is padding; the batches come in any order."""
    order, pool = draw.permutation(len(lengths)), size * POOL
    found: list[list[int]] = []
    for start in range(0, len(order), pool):
        some = sorted(order[start : start + pool].tolist(), key=lambda n: lengths[n])
        found += [some[at : at + size] for at in range(0, len(some), size)]
    return [found[at] for at in draw.permutation(len(found))]


def train(net: Reader, reviews: Reviews, held: Reviews, plan: Plan) -> Iterator[tuple[float, Curves]]:
    """The share that is done and the curves, at most every TELL_S seconds, and at the end. Judged before the first epoch and after each.

    Adam (Kingma and Ba 2015) at a rate that falls in a line to 0; the gradient's norm is clipped (Pascanu et al. 2013).
    """
    import torch

    torch.manual_seed(plan.seed)  # dropout draws from PyTorch's own generator
    draw, told = np.random.default_rng(plan.seed), time.monotonic()
    lengths = [len(each) for each in reviews.numbers]
    each = math.ceil(len(reviews) / plan.batch)
    parameters = list(net.parameters())
    optimiser = torch.optim.Adam(parameters, lr=plan.rate)
    curves, steps, losses = Curves(), plan.epochs * each, list[float]()
    curves.note(0, net, reviews, held)
    for epoch in range(plan.epochs):
        for step, chosen in enumerate(batches(lengths, plan.batch, draw), start=epoch * each):
            optimiser.param_groups[0]["lr"] = plan.rate * (1 - step / steps)
            losses.append(_step(net, optimiser, reviews.batch(chosen), plan.dropout))
            if len(losses) >= each / MOMENTS:
                curves.moments.append((step + 1) / each)
                curves.batch_loss.append(sum(losses) / len(losses))
                losses.clear()
            if time.monotonic() - told > TELL_S:
                told = time.monotonic()
                yield step / steps, curves
        curves.note(epoch + 1, net, reviews, held)
        if not math.isfinite(curves.train_loss[-1]):
            break
    yield 1.0, curves


def _step(net: Reader, optimiser: Any, batch: tuple[Tensor, Tensor, Tensor], dropout: float) -> float:
    import torch
    from torch.nn import functional

    units, lengths, kinds = batch
    loss: Any = functional.cross_entropy(net(units, lengths, dropout), kinds)
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(optimiser.param_groups[0]["params"], CLIPPED)
    optimiser.step()
    return float(loss.detach())
