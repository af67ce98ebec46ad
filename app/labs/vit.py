"""A vision transformer: a picture becomes patches, patches become tokens; a new head on frozen weights against a network from scratch."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from app.labs.base import (
    Choice,
    Code,
    Desk,
    Drawing,
    Event,
    Progress,
    Range,
    Said,
    Score,
    Shown,
    Table,
    Try,
    Value,
)
from app.labs.checkpoints import Made, find, place
from app.labs.figures import Axes, bars
from app.labs.parts import vit_views as views
from app.labs.parts.gpt_training import Plan
from app.labs.parts.transfer_data import Material, material
from app.labs.parts.vit_training import (
    BATCH,
    CHECKS,
    HELD,
    PATCHES,
    PRETRAIN_RATE,
    SIDE,
    Adapting,
    Curve,
    Few,
    adapt,
    built,
    few_of,
    pretrain,
    recognised,
    seconds_of,
    shape_of,
    shuffled,
    thinned,
    transferred,
)
from app.lessons.base import need_torch
from app.lessons.pictures import KINDS, SEEN, Pictures, scaled

PRETRAIN_BATCH, CLASSES = 64, KINDS - SEEN
LOADING_S, SHOWN_S = {"cifar10": 40.0}, 0.5
USUAL, USUAL_EACH = (
    0.4,
    10,
)  # least accuracy of the head on frozen weights, from so many pictures of a kind on; guessing gives 0.2
CLEARLY = 0.02  # of accuracy: less is called a draw
CODE = """\
patches = cut(images, patch)                        # (B, T, P·P)
tokens = patches @ W + b + positions                # (B, T, C)
for layer in layers:
    tokens = tokens + attention(norm(tokens))       # every token looks at every token
    tokens = tokens + feed_forward(norm(tokens))
logits = norm(tokens).mean(dim=1) @ W_head + b_head # (B, classes)
"""


@dataclass(frozen=True, slots=True)
class Known:
    """Pretrained weights, how well they know their kinds, the curve of their training, and whether they came along."""

    state: Mapping[str, Any]
    held: float
    steps: Sequence[int]
    losses: Sequence[float]
    shipped: bool
    data: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Both networks for the new kinds, and how they learned them."""

    models: Mapping[str, Any]
    curves: Mapping[str, Curve]


class VitLab:
    """See the module."""

    name, order = "vit", 100
    notes = ("12-bert-gpt-vit.md", "11-attention-transformer.md", "14-transfer-learning-huggingface.md")
    network = ("models.nn.vit", "models.nn.transformer")
    controls = (
        Choice("data", ("fashion-mnist", "digits", "cifar10"), "fashion-mnist"),
        Choice("weights", ("shipped", "train"), "shipped"),
        Range("pretraining", 10, 2000, 500, step=10),
        Choice("patch", tuple(map(str, PATCHES)), "4"),
        Choice("patches", ("kept", "shuffled"), "kept"),
        Range("each", 1, 100, 10),
        Range("steps", 10, 400, 150, step=10),
        Range("picture", 1, 100, 1),
        Drawing("drawing"),
        Choice("way", ("scratch", "torch"), "scratch"),
    )
    tries = (
        Try(3, {"each": 5}),
        Try(2, {"patches": "shuffled", "patch": "8", "each": 20}),
        Try(3, {"patch": "8"}),
    )
    small: ClassVar[dict[str, Value]] = {
        "data": "digits",
        "weights": "train",
        "pretraining": 10,
        "patch": "16",
        "each": 2,
        "steps": 10,
    }
    ships: ClassVar[Mapping[str, Value]] = {"pretraining": 1500}

    def seconds(self, **values: Value) -> float:
        """Pretraining unless its weights came along, then the network from scratch, which is judged on its way."""
        patch, each = int(values["patch"]), int(values["each"])
        trains = values["weights"] == "train" or place(self.name) is None
        before = seconds_of(patch, int(values["pretraining"]), PRETRAIN_BATCH) if trains else 0.0
        judged = (CHECKS + 1) * (CLASSES * each + HELD) + 2 * HELD
        loading = 3 + LOADING_S.get(str(values["data"]), 0.0)
        return loading + before + seconds_of(patch, int(values["steps"]), BATCH, judged)

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """Patches first; then both networks learn; then where they look. Raises InputError for broken data."""
        need_torch()
        task = material(desk, str(values["data"]), SIDE)
        yield task.found.used()
        patch, mixed = int(values["patch"]), values["patches"] == "shuffled"
        picture, truth = _picture(task, values)
        yield from _cut(_as_seen(picture, patch, mixed), patch)
        known: list[Known] = []
        yield from _known(desk, task, values, known)
        few = few_of(task.pictures, int(values["each"]), desk.seed)
        if mixed:
            few = Few(shuffled(few.images, patch), few.kinds, shuffled(few.held, patch), few.held_kinds)
        found: list[Pair] = []
        yield from _learn(known[0], few, values, desk.seed, found)
        yield from _scored(task, known[0], few, found[0], values)
        yield from _looked(task, found[0], _as_seen(picture, patch, mixed), truth)
        yield Shown(views.positions(known[0].state["positions"]))
        yield Shown(Code("code", CODE))

    def make(self, desk: Desk, **values: Value) -> Iterator[Progress | Made]:
        """The weights for each patch size, of five kinds of clothes and five digits."""
        need_torch()
        begun, steps = time.monotonic(), int(values["pretraining"])
        parts = _parts(desk, material(desk, "fashion-mnist", SIDE))
        tensors: dict[str, Any] = {}
        facts: dict[str, Any] = {"data": ", ".join(part.name for part in parts), "patches": {}}
        for number, patch in enumerate(PATCHES):
            model = built("scratch", shape_of(SEEN * len(parts), patch), desk.seed)
            losses: list[float] = []
            for loss in pretrain(model, parts, Plan(steps, PRETRAIN_BATCH, PRETRAIN_RATE, desk.seed)):
                losses.append(loss)
                yield Progress(number * steps + len(losses), len(PATCHES) * steps, "pretraining")
            tensors |= {f"{patch}.{name}": value for name, value in model.state_dict().items()}
            at, smooth = thinned(losses)
            facts["patches"][str(patch)] = {"steps": at, "losses": smooth, "held": recognised(model, parts)}
        yield Made(tensors, facts | {"seconds": time.monotonic() - begun})


def _parts(desk: Desk, task: Material) -> list[Pictures]:
    """What is pretrained on: the seen kinds of these data and, where they are others, of the digits."""
    digits = material(desk, "digits", SIDE)
    return [task.pictures] if digits.found.name == task.found.name else [task.pictures, digits.pictures]


def _picture(task: Material, values: Mapping[str, Value]) -> tuple[np.ndarray, str]:
    """What is looked at, (S, S) from 0 to 1, and its kind: the learner's drawing, else a held picture of a new kind."""
    drawn = np.array([int(part) for part in str(values["drawing"]).split(",") if part], np.uint8)
    if drawn.any():
        side = round(len(drawn) ** 0.5)
        return scaled(drawn.reshape(1, side, side), SIDE)[0], ""  # (H H,) -> (1, H, H) -> (S, S)
    held, kinds = task.pictures.held(seen=False)
    at = (int(values["picture"]) - 1) % len(held)
    return held[at], task.new[int(kinds[at])]


def _as_seen(picture: np.ndarray, patch: int, mixed: bool) -> np.ndarray:
    """(S, S) float64, its patches in the order that the networks get them."""
    import torch

    image = torch.from_numpy(np.ascontiguousarray(picture))[None, None]  # (S, S) -> (1, 1, S, S)
    seen = shuffled(image, patch) if mixed else image
    return seen[0, 0].numpy().astype(np.float64)


def _cut(picture: np.ndarray, patch: int) -> Iterator[Event]:
    yield Shown(views.grid(picture, patch))
    yield Shown(views.sequence(picture, patch))
    grid = SIDE // patch
    said: dict[str, str | int] = {
        "patch": patch,
        "tokens": grid**2,
        "grid": grid,
        "numbers": patch**2,
        "cells": f"{grid**4:,}",
    }
    yield Shown(Said("cut", "cut", said))
    yield Shown(views.cost(patch))


def _known(desk: Desk, task: Material, values: Mapping[str, Value], known: list[Known]) -> Iterator[Event]:
    """Fills `known` with weights that came along, or that are trained now."""
    patch = str(values["patch"])
    made = find("vit") if values["weights"] == "shipped" else None
    if made:
        facts = made.facts["patches"][patch]
        state = {name.split(".", 1)[1]: value for name, value in made.tensors.items() if name.split(".")[0] == patch}
        known.append(Known(state, facts["held"], facts["steps"], facts["losses"], True, str(made.facts["data"])))
    else:
        if values["weights"] == "shipped":
            yield Shown(Said("absent", "absent"))
        yield from _pretrained(desk, task, values, known)
    yield Shown(views.pretraining(known[0].steps, known[0].losses))
    yield Score("known", known[0].held, unit="share")


def _pretrained(desk: Desk, task: Material, values: Mapping[str, Value], known: list[Known]) -> Iterator[Event]:
    parts, steps = _parts(desk, task), int(values["pretraining"])
    model = built(values["way"], shape_of(SEEN * len(parts), int(values["patch"])), desk.seed)  # type: ignore[arg-type]
    losses: list[float] = []
    last = time.monotonic()
    for loss in pretrain(model, parts, Plan(steps, PRETRAIN_BATCH, PRETRAIN_RATE, desk.seed)):
        losses.append(loss)
        if time.monotonic() - last > SHOWN_S:
            last = time.monotonic()
            yield Progress(len(losses), steps, "pretraining")
            yield Shown(views.pretraining(*thinned(losses)))
    names = ", ".join(part.name for part in parts)
    known.append(Known(model.state_dict(), recognised(model, parts), *thinned(losses), False, names))


def _learn(known: Known, few: Few, values: Mapping[str, Value], seed: int, found: list[Pair]) -> Iterator[Event]:
    """Fills `found`: the head on the frozen weights first, then everything from scratch, in the same chart."""
    models: dict[str, Any] = {}
    curves: dict[str, Curve] = {}
    last, steps = 0.0, int(values["steps"])
    for way in ("frozen", "scratch"):
        model = built(values["way"], shape_of(CLASSES, int(values["patch"])), seed)  # type: ignore[arg-type]
        models[way] = transferred(model, known.state) if way == "frozen" else model
        for curve in adapt(model, few, Adapting(way == "scratch", steps, seed)):
            curves[way] = curve
            yield Progress(curve.steps[-1], steps, f"learning_{way}")
            if time.monotonic() - last > SHOWN_S:
                last = time.monotonic()
                yield from map(Shown, views.learning(curves))
    yield from map(Shown, views.learning(curves))
    found.append(Pair(models, curves))


def _scored(task: Material, known: Known, few: Few, pair: Pair, values: Mapping[str, Value]) -> Iterator[Event]:
    """Both accuracies, what each had to learn, and who is ahead."""
    frozen, scratch = (pair.curves[way] for way in ("frozen", "scratch"))
    near = known.shipped and task.found.name in ("fashion-mnist", "digits") and values["patches"] == "kept"
    usual = USUAL if near and int(values["each"]) >= USUAL_EACH else None
    yield Score("frozen", frozen.held[-1], low=usual, unit="share")
    yield Score("scratch", scratch.held[-1], unit="share")
    rows = tuple(
        (way, _learned(pair.models[way], way), round(curve.seen[-1], 3), round(curve.held[-1], 3))
        for way, curve in pair.curves.items()
    )
    yield Shown(Table("networks", ("network", "learned", "on_few", "on_held"), rows))
    ahead = frozen.held[-1] - scratch.held[-1]
    key = "draw" if abs(ahead) < CLEARLY else "frozen_ahead" if ahead > 0 else "scratch_ahead"
    said: dict[str, str | int] = {
        "images": len(few.kinds),
        "frozen": f"{100 * frozen.held[-1]:.0f}",
        "scratch": f"{100 * scratch.held[-1]:.0f}",
    }
    yield Shown(Said("verdict", key, said, "good" if ahead >= CLEARLY else "plain"))
    yield Shown(Said("kinds", "kinds", {"new": ", ".join(task.new), "known": known.data}))


def _learned(model: Any, way: str) -> int:
    """How many numbers were learned."""
    return sum(p.numel() for name, p in model.named_parameters() if way == "scratch" or name.startswith("head."))


def _looked(task: Material, pair: Pair, picture: np.ndarray, truth: str) -> Iterator[Event]:
    """What both say of one picture and where they look."""
    import torch

    image = torch.from_numpy(picture.astype(np.float32))[None, None]  # (S, S) -> (1, 1, S, S)
    with torch.no_grad():
        looked = {way: model.looked(image) for way, model in pair.models.items()}
    shares = {way: logits.softmax(dim=1)[0] for way, (logits, _) in looked.items()}  # (1, K) -> (K,)
    yield Shown(bars("shares", task.new, shares, Axes("probability", ""), lying=True))
    best = {way: task.new[int(share.argmax())] for way, share in shares.items()}
    yield Shown(Said("picture", "picture" if truth else "drawing", {"truth": truth, **best}))
    frozen, scratch = (looked[way][1] for way in ("frozen", "scratch"))
    yield Shown(views.rolled("rollout_frozen", picture, frozen))
    yield Shown(views.rolled("rollout_scratch", picture, scratch))
    yield Shown(views.heads(picture, frozen))
    yield Shown(views.looking(picture, frozen))


LAB = VitLab()
