"""Trains a convolutional network on pictures: their preparation, augmentation, the one-cycle schedule, and what is noted on the way.

    rows = prepared(found.train)                        Pictures of 32 x 32
    for done, course in train(net, rows, held, Plan(epochs=6)): ...

AdamW (Loshchilov and Hutter 2019) with a rate that rises for a quarter of the steps and then falls to nothing, the one-cycle policy (Smith
and Topin 2019); cross-entropy with smoothed labels (Szegedy et al. 2016); pictures shifted and mirrored at random while it learns.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from app.labs.data.base import Split

if TYPE_CHECKING:
    from torch import Tensor

SIDE = 32  # of the pictures the networks take
TELL_S, AHEAD = 0.5, 500  # at most so often; pictures judged at a time
SEEN, HELD = 1000, 1000  # pictures judged after each epoch; the final accuracy rests on all that are held out
SHIFT = 4  # pixels at most, each way, of 32
SMOOTHING, DECAY, WARM, LOWEST = 0.1, 0.05, 0.25, 0.01
INNER = 28  # smaller pictures are enlarged by a whole factor as long as they fit in here, so that there is room to shift them
SNAPSHOTS = 6
FRONT = ("c1.", "c3.", "conv.", "norm.", "blocks.0.")  # parameters of the first stages, whose maps are shown by epoch


@dataclass(frozen=True, slots=True)
class Pictures:
    """images: (N, C, 32, 32) float32 from 0 to 1; kinds: (N,) int64."""

    images: Tensor
    kinds: Tensor

    def first(self, most: int) -> Pictures:
        return Pictures(self.images[:most], self.kinds[:most])

    def __len__(self) -> int:
        return len(self.kinds)


def prepared(split: Split) -> Pictures:
    """Pictures of any size up to 32 x 32, enlarged by a whole factor, in the middle of 32 x 32."""
    import torch

    return Pictures(framed(split.inputs.astype(np.float32) / 255), torch.from_numpy(split.targets))


def framed(pictures: np.ndarray) -> Tensor:
    """(N, H, W) or (N, H, W, 3) -> (N, 1 or 3, 32, 32), zeros around."""
    import torch

    colour = pictures if pictures.ndim == 4 else pictures[..., None]  # (N, H, W) -> (N, H, W, 1)
    factor = max(1, INNER // max(colour.shape[1:3]))
    large = torch.from_numpy(colour.repeat(factor, axis=1).repeat(factor, axis=2)).permute(0, 3, 1, 2)  # (N, C, H, W)
    top, left = ((SIDE - length) // 2 for length in large.shape[2:])
    framed_ = torch.zeros(len(large), large.shape[1], SIDE, SIDE)
    framed_[:, :, top : top + large.shape[2], left : left + large.shape[3]] = large
    return framed_.contiguous(memory_format=torch.channels_last)


def shifted(images: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Each picture (N, C, H, W) moved by its own number of pixels, down and right: (N,) int64 each. What comes in is 0."""
    import torch
    from torch.nn import functional

    most = int(torch.cat([down, right]).abs().max()) if len(images) else 0
    places = torch.arange(images.shape[2]) + most
    rows, columns = places - down[:, None], places - right[:, None]  # (N, H), (N, W)
    wide = functional.pad(images, (most,) * 4).permute(0, 2, 3, 1)  # (N, C, H, W) -> (N, H + 2m, W + 2m, C)
    which = torch.arange(len(images))[:, None, None]
    return wide[which, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)  # (N, H, W, C) -> (N, C, H, W)


def augmented(images: Tensor, how: str, draw: Any) -> Tensor:
    """how: none, shift, flip or both."""
    import torch

    if how in {"shift", "both"}:
        down, right = torch.randint(-SHIFT, SHIFT + 1, (2, len(images)), generator=draw)
        images = shifted(images, down, right)
    if how in {"flip", "both"}:
        turned = torch.rand(len(images), generator=draw) < 0.5
        images = torch.where(turned[:, None, None, None], images.flip(3), images)
    return images


@dataclass(frozen=True, slots=True)
class Plan:
    """rate: the highest. augment: none, shift, flip or both."""

    epochs: int
    rate: float = 3e-3
    batch: int = 64
    augment: str = "none"
    seed: int = 0

    def steps(self, rows: int) -> int:
        """Of one epoch."""
        return max(1, math.ceil(rows / self.batch))

    def rate_at(self, step: int, steps: int) -> float:
        """Rises in a line for a quarter of the steps, then falls by a cosine."""
        warm = max(1, round(steps * WARM))
        if step < warm:
            return self.rate * (step + 1) / warm
        done = (step - warm) / max(1, steps - warm)
        return self.rate * (LOWEST + (1 - LOWEST) * 0.5 * (1 + math.cos(math.pi * done)))

    def kept(self) -> tuple[int, ...]:
        """Epochs after which the front of the network is kept: 0, 1, 2, 4, … and the last, SNAPSHOTS at most."""
        doubled = [0, *(2**n for n in range(10) if 2**n < self.epochs)]
        return (*doubled[: SNAPSHOTS - 1], self.epochs)


@dataclass(slots=True)
class Course:
    """How training went so far. losses: of each step. seen, held: share right by epoch, from 0 before the first. fronts: epoch -> state."""

    losses: list[float] = field(default_factory=list)
    seen: list[float] = field(default_factory=list)
    held: list[float] = field(default_factory=list)
    fronts: dict[int, dict[str, Tensor]] = field(default_factory=dict)

    def finite(self) -> bool:
        """False where the loss is no number any more."""
        return not self.losses or math.isfinite(self.losses[-1])


def front(net: Any) -> dict[str, Tensor]:
    """A copy of the first stages' parameters."""
    return {key: value.clone() for key, value in net.state_dict().items() if key.startswith(FRONT)}


def train(net: Any, rows: Pictures, held: Pictures, plan: Plan) -> Iterator[tuple[float, Course]]:
    """The share that is done and the course, at most every TELL_S seconds, and at the end. It ends early where the loss is no number."""
    import torch

    draw = torch.Generator().manual_seed(plan.seed)
    optimizer = torch.optim.AdamW(net.parameters(), lr=plan.rate, weight_decay=DECAY)
    course, told, steps = Course(), time.monotonic(), plan.steps(len(rows))
    _note(net, rows, held, plan, course)
    for epoch in range(plan.epochs):
        order = torch.randperm(len(rows), generator=draw)
        for step in range(steps):
            chosen = order[step * plan.batch : (step + 1) * plan.batch]
            optimizer.param_groups[0]["lr"] = plan.rate_at(epoch * steps + step, plan.epochs * steps)
            images = augmented(rows.images[chosen], plan.augment, draw)
            course.losses.append(_step(net, images, rows.kinds[chosen], optimizer))
            if time.monotonic() - told > TELL_S:
                told = time.monotonic()
                yield (epoch * steps + step) / (plan.epochs * steps), course
        if not course.finite():
            break
        _note(net, rows, held, plan, course)
    yield 1.0, course


def _step(net: Any, images: Tensor, kinds: Tensor, optimizer: Any) -> float:
    from torch.nn import functional

    net.train()
    loss: Any = functional.cross_entropy(net(images), kinds, label_smoothing=SMOOTHING)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return float(loss.detach())


def _note(net: Any, rows: Pictures, held: Pictures, plan: Plan, course: Course) -> None:
    """Judges the network as it is."""
    epoch = len(course.seen)
    for few, shares in ((rows.first(SEEN), course.seen), (held.first(HELD), course.held)):
        shares.append(accuracy(logits(net, few.images), few.kinds))
    if epoch in plan.kept():
        course.fronts[epoch] = front(net)


def logits(net: Any, images: Tensor) -> Tensor:
    """(N, C, 32, 32) -> (N, K), as it is in use."""
    import torch

    net.eval()
    with torch.no_grad():
        return torch.cat([net(part) for part in torch.split(images, AHEAD)])


def accuracy(scores: Tensor, kinds: Tensor) -> float:
    """Share right."""
    return float((scores.argmax(dim=1) == kinds).float().mean())
