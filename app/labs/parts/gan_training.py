"""Trains the DCGAN of models/nn/dcgan.py and notes how it goes: both losses, what the discriminator believes, pictures from the same noise.

    for done, course in train(gan, images, plan): ...

Each trouble changes a healthy recipe: a generator without batch normalisation that runs far ahead of its discriminator crowds its pictures
together; a discriminator far ahead of the generator leaves it little to learn from.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from app.labs.data.base import Split
from app.labs.parts.gan_measures import Judge

if TYPE_CHECKING:
    from torch import Tensor

    from models.nn.dcgan import Dcgan, Recipe

BATCH, SIDE = 64, 28
WATCHED, ASKED = 8, 200  # pictures from the same noise at each epoch, and those that are measured
CURVE, GRIDS = 60, 8  # points of the losses, and epochs whose pictures are shown, at most
CURVES = ("losses_d", "losses_g", "real", "fake", "kinds")
TROUBLES: Mapping[str, Callable[[Recipe], Mapping[str, Any]]] = {
    "none": lambda recipe: {},
    "no_norm": lambda recipe: {"norm": False, "rate_d": recipe.rate_d / 20},
    "strong": lambda recipe: {"rate_d": 10 * recipe.rate_d, "rate_g": recipe.rate_g / 10},
}


@dataclass(frozen=True, slots=True)
class Plan:
    """rate: of both players, before the trouble."""

    epochs: int
    latent: int
    rate: float
    trouble: str
    seed: int

    def recipe(self) -> Recipe:
        """What the networks are made with."""
        from models.nn.dcgan import Recipe

        healthy = Recipe(self.latent, rate_g=self.rate, rate_d=self.rate, seed=self.seed)
        return replace(healthy, **TROUBLES[self.trouble](healthy))


@dataclass(slots=True)
class Course:
    """How training went. losses_d, losses_g: of each step; the others after each epoch, and before the first.

    real, fake: the mean of D over real and over generated pictures. kinds: see gan_measures. grids: pictures from the same noise,
    (WATCHED, 28, 28) bytes, after the epochs in `shown`.
    """

    steps_an_epoch: float
    losses_d: list[float] = field(default_factory=list)
    losses_g: list[float] = field(default_factory=list)
    real: list[float] = field(default_factory=list)
    fake: list[float] = field(default_factory=list)
    kinds: list[float] = field(default_factory=list)
    shown: list[int] = field(default_factory=list)
    grids: list[Tensor] = field(default_factory=list)

    def thinned(self) -> Course:
        """The losses as means over stretches of steps, CURVE at most, and GRIDS of the grids: what is drawn, and what is shipped."""
        size = max(1, math.ceil(len(self.losses_d) / CURVE))
        losses_d, losses_g = (
            [float(np.mean(one[at : at + size])) for at in range(0, len(one), size)] for one in self.losses()
        )
        kept = sorted({round(at) for at in np.linspace(0, len(self.grids) - 1, GRIDS)}) if self.grids else []
        shown, grids = [self.shown[at] for at in kept], [self.grids[at] for at in kept]
        steps = self.steps_an_epoch / size
        return Course(steps, losses_d, losses_g, self.real, self.fake, self.kinds, shown, grids)

    def losses(self) -> tuple[list[float], list[float]]:
        """The discriminator's and the generator's."""
        return self.losses_d, self.losses_g

    def facts(self) -> dict[str, Any]:
        """JSON-ready, without the pictures."""
        short = {name: [float(f"{value:.4g}") for value in getattr(self, name)] for name in CURVES}
        return {"steps_an_epoch": self.steps_an_epoch, "shown": self.shown, **short}

    @classmethod
    def restored(cls, facts: Mapping[str, Any], grids: Tensor) -> Course:
        """Inverse of `facts`. grids: (S, WATCHED, 28, 28)."""
        names = ("steps_an_epoch", "shown", *CURVES)
        return cls(**{name: facts[name] for name in names}, grids=list(grids))


def as_images(split: Split) -> Tensor:
    """Grey pictures of any square size up to 28 in the networks' form: (N, H, W) bytes -> (N, 1, 28, 28) from -1 to 1."""
    import torch

    side = split.inputs.shape[1]
    times = max(1, SIDE // side)
    large = np.kron(split.inputs, np.ones((1, times, times), np.uint8))  # (N, H, W) -> (N, t H, t W)
    before = (SIDE - large.shape[1]) // 2
    after = SIDE - large.shape[1] - before
    framed = np.pad(large, ((0, 0), (before, after), (before, after)))
    return torch.from_numpy(framed.astype(np.float32) / 127.5 - 1)[:, None]  # (N, 28, 28) -> (N, 1, 28, 28)


def noise(count: int, latent: int, seed: int) -> Tensor:
    """(count, latent) from N(0, 1)."""
    import torch

    return torch.randn(count, latent, generator=torch.Generator().manual_seed(seed))


def train(gan: Dcgan, images: Tensor, plan: Plan, judge: Judge) -> Iterator[tuple[float, Course]]:
    """The share that is done after every step, and the course. Noted before the first epoch and after each."""
    import torch

    draw = torch.Generator().manual_seed(plan.seed)
    steps = max(1, math.ceil(len(images) / BATCH))
    course = Course(steps)
    _note(course, gan, images, judge)
    for epoch in range(plan.epochs):
        order = torch.randperm(len(images), generator=draw)
        for step in range(steps):
            real = images[order[step * BATCH : (step + 1) * BATCH]]
            z = torch.randn(len(real), plan.latent, generator=draw)
            loss_d, loss_g = gan.learn(real, z)
            course.losses_d.append(loss_d)
            course.losses_g.append(loss_g)
            yield (epoch * steps + step + 1) / (plan.epochs * steps), course
        _note(course, gan, images, judge)
        if not math.isfinite(course.losses_g[-1] + course.losses_d[-1]):
            break
    yield 1.0, course


WATCHED_SEED, ASKED_SEED = 11, 12


def _note(course: Course, gan: Dcgan, images: Tensor, judge: Judge) -> None:
    """What both players are at after an epoch."""
    import torch

    latent = gan.recipe.latent
    made = gan.generate(noise(ASKED, latent, ASKED_SEED))
    course.real.append(float(gan.judge(images[:ASKED]).mean()))
    course.fake.append(float(gan.judge(made).mean()))
    course.kinds.append(judge.kinds(made))
    watched = gan.generate(noise(WATCHED, latent, WATCHED_SEED))
    course.shown.append(len(course.shown))
    course.grids.append(((watched[:, 0] + 1) * 127.5).clamp(0, 255).to(torch.uint8))  # (8, 1, 28, 28) -> (8, 28, 28)


def walk(gan: Dcgan, one: int, other: int, steps: int) -> Tensor:
    """Pictures on the way from one noise to another, each noise named by its seed: (steps, 1, 28, 28). The way bends along the sphere
    on which such noise lies (White 2016): straight through the middle its points would be shorter than any noise the generator knows."""
    import torch

    start, end = (noise(1, gan.recipe.latent, seed) for seed in (one, other))
    cosine = torch.nn.functional.cosine_similarity(start, end).clamp(-1, 1)
    angle = torch.arccos(cosine)  # (1,)
    shares = torch.linspace(0, 1, steps)[:, None]  # (steps, 1)
    if float(angle.sin()) < 1e-4:
        return gan.generate((1 - shares) * start + shares * end)
    way = ((1 - shares) * angle).sin() * start + (shares * angle).sin() * end
    return gan.generate(way / angle.sin())
