"""A DCGAN learns to make clothes: both losses, its pictures epoch by epoch, a walk through its noise, and how a GAN goes wrong, measured."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, TypeVar

import numpy as np

from app.labs.base import (
    Choice,
    Code,
    Control,
    Desk,
    Event,
    Figure,
    Progress,
    Range,
    Said,
    Score,
    Shown,
    Try,
    Used,
    Value,
    read_values,
)
from app.labs.checkpoints import CONTROL, SHIPPED, TRAIN, Made, find, place
from app.labs.data.base import Loaded
from app.labs.data.loading import load
from app.labs.figures import Axes, bars, images, line
from app.labs.parts.gan_measures import Judge, trained_judge
from app.labs.parts.gan_training import ASKED, BATCH, TROUBLES, WATCHED, Course, Plan, as_images, noise, train, walk
from app.labs.parts.training import Rows
from app.lessons.base import need_torch
from models.errors import InputError, MissingError

if TYPE_CHECKING:
    from torch import Tensor

    from models.nn.dcgan import Dcgan

Result = TypeVar("Result")
DATA, TEST_ROWS = "fashion-mnist", 500
SHOWN_S = 0.5
SAMPLES, PAIRS, WALKED = 32, 8, 10
SAMPLED_SEED = 13
SHIPPED_S, BASE_S, LONGEST_S = 20.0, 20.0, 1200.0
STEP_S = {"torch": 0.08, "scratch": 0.7}  # on two slow cores
KINDS, SPREAD, NEAREST = (6.0, 10.0), (0.6, 1.3), (0.5, 1.7)  # where they usually are
CODE = """\
for real in batches:                                    # (B, 1, 28, 28), from -1 to 1
    fake = generator(torch.randn(len(real), {latent}))
    loss_d = softplus(-discriminator(real)).mean() + softplus(discriminator(fake.detach())).mean()
    step(discriminator, loss_d, rate={rate_d:g})
    loss_g = softplus(-discriminator(fake)).mean()      # -log D(G(z))
    step(generator, loss_g, rate={rate_g:g})
"""


class GanLab:
    """See the module."""

    name, order = "gan", 135
    notes: tuple[str, ...] = ("16-synthetic-data-gan.md",)
    network: tuple[str, ...] = ("models.nn.dcgan", "models.nn.convolution")
    controls: tuple[Control, ...] = (
        Choice(CONTROL, (SHIPPED, TRAIN), SHIPPED),
        Choice("trouble", tuple(TROUBLES), "none"),
        Range("rows", 64, 20_000, 6000, log=True),
        Range("epochs", 1, 30, 8),
        Range("latent", 1, 128, 64),
        Range("rate", 1e-5, 1e-2, 1e-3, log=True, whole=False),
        Choice("way", ("torch", "scratch"), "torch"),
        Range("noise_from", 0, 99, 1),
        Range("noise_to", 0, 99, 2),
    )
    tries = (
        Try(3, {}),
        Try(1, {CONTROL: TRAIN, "trouble": "no_norm", "epochs": 1}),
        Try(2, {"noise_from": 3, "noise_to": 4}),
    )
    small: ClassVar[dict[str, Value]] = {CONTROL: TRAIN, "rows": 64, "epochs": 2, "latent": 4}
    ships: ClassVar[Mapping[str, Value]] = {
        "trouble": "none",
        "rows": 20_000,
        "epochs": 20,
        "latent": 64,
        "rate": 5e-4,
        "way": "torch",
    }

    def seconds(self, **values: Value) -> float:
        """A step costs the same whatever is learned; each epoch is judged, and a classifier learns first."""
        if values[CONTROL] == SHIPPED and place(self.name):
            return SHIPPED_S
        steps = int(values["epochs"]) * math.ceil(int(values["rows"]) / BATCH)
        return BASE_S + steps * STEP_S[str(values["way"])] + int(values["epochs"])

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """The curves while both players learn, or those of the weights that came along; then what the generator makes, measured."""
        need_torch()
        kept = find(self.name) if values[CONTROL] == SHIPPED else None
        judge: Judge | None
        if kept:
            gan, judge, classes = yield from came_along(desk, kept)
        else:
            _bearable(self.seconds(**values))
            if values[CONTROL] == SHIPPED:
                yield Shown(Said("training", "not_shipped"))
            found = load(desk, DATA, train=int(values["rows"]), test=TEST_ROWS)
            yield found.used()
            classes, judge = found.classes, (yield from _judge(found, desk.seed))
            gan, _ = yield from _train(_plan(values, desk.seed), str(values["way"]), judge)
        yield from _made(gan, judge, classes)
        yield from _walked(gan, int(values["noise_from"]), int(values["noise_to"]))
        recipe = gan.recipe
        code = CODE.format(latent=recipe.latent, rate_d=recipe.rate_d, rate_g=recipe.rate_g)
        yield Shown(Code("code", code))

    def make(self, desk: Desk, **values: Value) -> Iterator[Progress | Made]:
        """The weights that come along, and pictures from the same noise on their way. Raises MissingError without the dataset itself."""
        import torch

        given, begun = {**read_values(self, values), CONTROL: TRAIN}, time.monotonic()
        found = load(desk, DATA, train=int(given["rows"]), test=TEST_ROWS)
        if found.name != DATA:
            raise MissingError(what=DATA, fix="bring the dataset itself, nothing that stands in for it")
        plan = _plan(given, desk.seed)
        judge = yield from _progress(_judge(found, desk.seed))
        gan, course = yield from _progress(_train(plan, str(given["way"]), judge))
        facts = {
            "data": f"{found.name} ({found.origin}, {len(found.train):,} rows)",
            "seconds": round(time.monotonic() - begun, 1),
            "rows": len(found.train),
            "seed": desk.seed,
            "epochs": plan.epochs,
            "latent": plan.latent,
            "rate": plan.rate,
            "course": course.facts(),
        }
        yield Made({**gan.state(), "grids": torch.stack(course.grids)}, facts)


def _progress(events: Generator[Event, None, Result]) -> Generator[Progress, None, Result]:
    """How far it is, and nothing of what it shows; its result."""
    while True:
        try:
            event = next(events)
        except StopIteration as end:
            result: Result = end.value
            return result
        if isinstance(event, Progress):
            yield event


def _bearable(seconds: float) -> None:
    if seconds > LONGEST_S:
        minutes, most = round(seconds / 60), round(LONGEST_S / 60)
        detail = f"this would take about {minutes} minutes; choose fewer pictures or epochs, or torch.nn (at most {most} minutes)"
        raise InputError(detail=detail, text_key="too_much", minutes=minutes, most=most)


def _plan(values: Mapping[str, Value], seed: int) -> Plan:
    epochs, latent = int(values["epochs"]), int(values["latent"])
    return Plan(epochs, latent, float(values["rate"]), str(values["trouble"]), seed)


def _judge(found: Loaded, seed: int) -> Generator[Event, None, Judge]:
    """The classifier that will look at the generated pictures."""
    import torch

    yield Progress(0, 1, "judging")
    train_rows, held = (Rows(as_images(split), torch.from_numpy(split.targets)) for split in (found.train, found.test))
    judge = trained_judge(train_rows, held, len(found.classes), seed)
    yield Shown(
        Said("judge", "judge", {"accuracy": f"{100 * judge.accuracy:.0f}", "kinds": f"{judge.kinds(held.inputs):.1f}"})
    )
    return judge


def _train(plan: Plan, way: str, judge: Judge) -> Generator[Event, None, tuple[Dcgan, Course]]:
    """Both players learn; the curves are shown as they go."""
    from models.nn.dcgan import Dcgan

    gan, begun = Dcgan(plan.recipe(), way), time.monotonic()
    yield Shown(Said("size", "size", {"parameters": f"{gan.parameters():,}", "rows": f"{len(judge.train):,}"}))
    told, noted, course = begun, 0, Course(1)
    for done, course in train(gan, judge.train, plan, judge):
        if len(course.shown) > noted:
            noted = len(course.shown)
            yield from _curves(course.thinned())
        if time.monotonic() - told > SHOWN_S:
            told = time.monotonic()
            yield Progress(done, 1, "learning")
            yield Shown(_losses(course.thinned()))
    kept = course.thinned()
    yield from _curves(kept)
    yield Score("seconds", time.monotonic() - begun, unit="seconds")
    return gan, kept


def came_along(desk: Desk, kept: Made) -> Generator[Event, None, tuple[Dcgan, Judge | None, tuple[str, ...]]]:
    """The weights that came along, with the curves of their training. Its judge needs the training pictures; None without them."""
    from models.nn.dcgan import Dcgan, Recipe

    facts = kept.facts
    gan = Dcgan(Recipe(latent=int(facts["latent"]), rate_g=float(facts["rate"]), rate_d=float(facts["rate"])))
    gan.load(kept.tensors)
    found = load(replace(desk, seed=int(facts["seed"])), DATA, train=int(facts["rows"]), test=TEST_ROWS)
    yield found.used() if found.name == DATA else Used(DATA, "shipped", int(facts["rows"]))
    yield Shown(Said("training", "shipped", {name: facts[name] for name in ("data", "epochs")}))
    yield from _curves(Course.restored(facts["course"], kept.tensors["grids"]))
    if found.name != DATA:
        yield Shown(Said("verdict", "other_data", {"data": facts["data"]}, "bad"))
        return gan, None, ()
    judge = yield from _judge(found, int(facts["seed"]))
    return gan, judge, found.classes


def _curves(course: Course) -> Iterator[Event]:
    """Losses, what the discriminator believes, how many kinds of pictures come out, and the pictures from the same noise."""
    epochs = list(range(len(course.real)))
    yield Shown(_losses(course))
    beliefs = {"real": (epochs, course.real), "fake": (epochs, course.fake)}
    yield Shown(line("beliefs", beliefs, Axes("epoch", "probability", span_y=(0, 1)), marks=True))
    yield Shown(
        line("kinds", {"generated": (epochs, course.kinds)}, Axes("epoch", "kinds", span_y=(0, 10.5)), marks=True)
    )
    if course.grids:
        pictures = np.concatenate([grid.numpy() for grid in course.grids])  # S times (8, 28, 28) -> (8 S, 28, 28)
        captions = [str(epoch) if at == 0 else "" for epoch in course.shown for at in range(WATCHED)]
        yield Shown(images("epochs", pictures, captions, columns=WATCHED))


def _losses(course: Course) -> Figure:
    """Of both players, over epochs."""
    middles = [(at + 0.5) / course.steps_an_epoch for at in range(len(course.losses_d))]
    losses = {"discriminator": (middles, course.losses_d), "generator": (middles, course.losses_g)}
    return line("losses", losses, Axes("epoch", "loss"))


def _made(gan: Dcgan, judge: Judge | None, classes: tuple[str, ...]) -> Iterator[Event]:
    """Pictures from new noise, and, where there is a judge, what they are worth."""
    made = gan.generate(noise(ASKED, gan.recipe.latent, SAMPLED_SEED))
    if not bool(made.isfinite().all()):
        yield Shown(Said("verdict", "diverged", tone="bad"))
        return
    captions = [classes[int(kind)] for kind in judge.classify(made[:SAMPLES])] if judge else []
    yield Shown(images("samples", _shares(made[:SAMPLES]), captions, columns=8))
    if judge is None:
        return
    shares = {"real": judge.histogram(judge.train), "generated": judge.histogram(made)}
    yield Shown(bars("histogram", classes, shares, Axes("", "share")))
    kinds, spread, novelty = judge.kinds(made), judge.spread(made), judge.novelty(made)
    yield Score("kinds", kinds, *KINDS, unit="count")
    yield Score("spread", spread, *SPREAD)
    yield Score("nearest", novelty, *NEAREST)
    yield Shown(_nearest(judge, made))
    yield Shown(_verdict(kinds, spread, novelty))


def _nearest(judge: Judge, made: Tensor) -> Figure:
    """Above, generated pictures; below each, the training picture nearest to it and how far that is."""
    import torch

    far, places = judge.nearest(made[:PAIRS])
    pictures = torch.cat([made[:PAIRS], judge.train[places]])  # (2 N, 1, 28, 28)
    captions = [*[""] * PAIRS, *(f"{float(one):.1f}" for one in far)]
    return images("nearest", _shares(pictures), captions, columns=PAIRS)


def _verdict(kinds: float, spread: float, novelty: float) -> Said:
    """The worst that the figures say."""
    values = {"kinds": f"{kinds:.1f}", "spread": f"{100 * spread:.0f}", "nearest": f"{novelty:.2f}"}
    if kinds < KINDS[0] or spread < SPREAD[0]:
        return Said("verdict", "collapsed", values, "bad")
    if novelty > NEAREST[1]:
        return Said("verdict", "noise", values, "bad")
    if novelty < NEAREST[0]:
        return Said("verdict", "copied", values, "bad")
    return Said("verdict", "diverse", values, "good")


def _walked(gan: Dcgan, one: int, other: int) -> Iterator[Event]:
    """From one noise to another, above; below, the two ends laid over each other by the same shares."""
    import torch

    above = walk(gan, one, other, WALKED)
    shares = torch.linspace(0, 1, WALKED)[:, None, None, None]
    below = (1 - shares) * above[:1] + shares * above[-1:]
    yield Shown(images("walk", _shares(torch.cat([above, below])), columns=WALKED))
    steps = (above[1:] - above[:-1]).flatten(1).norm(dim=1)  # (WALKED - 1,)
    whole = (above[-1] - above[0]).norm()
    if float(whole) > 1e-3:
        largest, apart = float(steps.max() / steps.sum()), float((above - below).flatten(1).norm(dim=1).max() / whole)
        yield Shown(Said("walk", "walk", {"largest": f"{100 * largest:.0f}", "apart": f"{100 * apart:.0f}"}))
    else:
        yield Shown(Said("walk", "no_walk"))


def _shares(pictures: Tensor) -> Tensor:
    """(N, 1, 28, 28) from -1 to 1 -> (N, 28, 28) from 0 to 1."""
    return (pictures[:, 0] + 1) / 2


LAB = GanLab()
