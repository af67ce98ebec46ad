"""A convolutional network learns clothes, digits or CIFAR-10: its filters and feature maps, and by Grad-CAM what it looked at when it was
wrong.

With the weights that came along everything is there at once. Convolution by hand is the lab before this one (convolution.py).
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from app.labs.base import (
    Choice,
    Code,
    Desk,
    Drawing,
    Event,
    Figure,
    Progress,
    Range,
    Said,
    Score,
    Shown,
    Table,
    Try,
    Used,
    Value,
    read_values,
)
from app.labs.checkpoints import CONTROL, SHIPPED, TRAIN, Made, find, place
from app.labs.data.base import Loaded
from app.labs.data.loading import load
from app.labs.figures import Axes, bars, confusion, images, line
from app.labs.mlp import as_data
from app.labs.parts.cnn_looking import CHANNELS, by_epoch, census, coloured, depths, filters, grad_cam, overlay
from app.labs.parts.cnn_study import Study, begun, learn, made, restored
from app.labs.parts.cnn_training import HELD, SEEN, SIDE, Pictures, framed, logits, prepared
from app.lessons.base import need_torch
from models.errors import InputError, MissingError

TEST_ROWS, MISTAKES, BATCH = 5000, 8, 64
SHIPPED_S, LONGEST_S, BASE_S = 20.0, 1200.0, 20.0
PRODUCTS = {"lenet": 0.65e6, "plain": 12.8e6, "resnet": 13.0e6}  # multiplications for a picture
SPEED, STEP_S = (
    3e10,
    {"lenet": 0.006, "plain": 0.012, "resnet": 0.012},
)  # a second on two slow cores; overhead of a step
SLOWER = {"torch": 1.0, "scratch": 5.0}
OVERFIT = 0.1  # so much better on what it has seen
USUAL = {  # least accuracy, from so many rows and epochs on
    "fashion-mnist": ((0.90, 60_000, 5), (0.78, 5000, 4)),
    "cifar10": ((0.70, 20_000, 20), (0.45, 5000, 5)),
    "digits": ((0.90, 1000, 8),),
}
DIGITS: dict[str, Value] = {CONTROL: TRAIN, "data": "digits", "network": "lenet", "rows": 1400, "epochs": 12}


class CnnLab:
    """See the module."""

    name, order = "cnn", 40
    notes = ("07-cnn.md",)
    network = ("models.nn.resnet", "models.nn.lenet", "models.nn.convolution")
    controls = (
        Choice(CONTROL, (SHIPPED, TRAIN), SHIPPED),
        Range("picture", 1, 200, 1),
        Drawing("drawing"),
        Choice("data", ("fashion-mnist", "cifar10", "digits"), "fashion-mnist"),
        Choice("network", ("lenet", "plain", "resnet"), "resnet"),
        Range("rows", 20, 60_000, 6000, log=True),
        Range("epochs", 1, 40, 6),
        Range("rate", 1e-4, 1.0, 0.003, log=True, whole=False),
        Choice("augment", ("none", "shift", "flip", "both"), "none"),
        Choice("way", ("scratch", "torch"), "torch"),
    )
    ships: ClassVar[dict[str, Value]] = {
        "data": "fashion-mnist",
        "network": "resnet",
        "rows": 60_000,
        "epochs": 6,
        "rate": 0.003,
        "augment": "both",
        "way": "torch",
    }
    tries = (
        Try(2, {**DIGITS, "augment": "none"}),
        Try(3, {**DIGITS, "rows": 200, "epochs": 1}),
        Try(2, {**DIGITS, "augment": "shift"}),
    )
    small: ClassVar[dict[str, Value]] = {**DIGITS, "rows": 40, "epochs": 2}

    def seconds(self, **values: Value) -> float:
        """From the multiplications: three for each of the forward pass, forward and backward."""
        if values[CONTROL] == SHIPPED and place(self.name):
            return SHIPPED_S
        rows, epochs, network = int(values["rows"]), int(values["epochs"]), str(values["network"])
        passes = 3 * rows * epochs + (epochs + 1) * (min(rows, SEEN) + HELD) + 2 * TEST_ROWS
        steps = epochs * math.ceil(rows / BATCH) * STEP_S[network]
        return BASE_S + SLOWER[str(values["way"])] * passes * PRODUCTS[network] / SPEED + steps

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """The curves while it learns, then what it learned. Raises InputError for what would take too long."""
        need_torch()
        kept = find(self.name) if values[CONTROL] == SHIPPED else None
        if kept:
            yield from _came_along(desk, restored(kept), values)
            return
        _bearable(self.seconds(**values))
        if values[CONTROL] == SHIPPED:
            yield Shown(Said(CONTROL, "not_shipped"))
        found = load(desk, str(values["data"]), train=int(values["rows"]), test=TEST_ROWS)
        yield found.used()
        study, start = begun(values, found, desk.seed), time.monotonic()
        yield Shown(_size(study))
        for done in learn(study, found, desk.seed):
            yield Progress(done, 1, "learning")
            yield from _curves(study)
            yield Shown(images("filters", filters(study.net)))
        yield Score("seconds", time.monotonic() - start, unit="seconds")
        yield from _told(study)
        yield from _looked(study, found, values)
        yield Shown(_code(study))

    def make(self, desk: Desk, **values: Value) -> Iterator[Progress | Made]:
        """The weights that come along. Raises MissingError where their dataset is not there."""
        given = {**read_values(self, values), CONTROL: TRAIN}
        found = load(desk, str(given["data"]), train=int(given["rows"]), test=TEST_ROWS)
        if found.name != given["data"]:
            raise MissingError(what=str(given["data"]), fix="bring the dataset itself, nothing that stands in for it")
        study, start = begun({key: given[key] for key in self.ships}, found, desk.seed), time.monotonic()
        for done in learn(study, found, desk.seed):
            yield Progress(done, 1, "learning")
        yield made(study, time.monotonic() - start)


CODE = """\
net = networks["{network}"]
for epoch in range({epochs}):
    for batch in torch.randperm(len(kinds)).split(64):
        loss = functional.cross_entropy(net(augmented(images[batch])), kinds[batch], label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()                                     # AdamW; the rate rises, then falls: one cycle

# Grad-CAM: how much does the score of a class hang on each of the last maps?
maps = net.stages(image)["{last}"]  # (1, C, H, W)
(slope,) = torch.autograd.grad(net.classify(maps)[0, kind], maps)
heat = (slope.mean(dim=(2, 3), keepdim=True) * maps).sum(dim=1).relu()
"""


def _bearable(seconds: float) -> None:
    if seconds > LONGEST_S:
        minutes, most = round(seconds / 60), round(LONGEST_S / 60)
        detail = f"this would take about {minutes} minutes; choose fewer rows or epochs (at most {most} minutes)"
        raise InputError(detail=detail, text_key="too_much", minutes=minutes, most=most)


def _came_along(desk: Desk, study: Study, values: Mapping[str, Value]) -> Iterator[Event]:
    """How it learned, and what it does with pictures where its dataset lies on this machine."""
    yield Used(study.data, "shipped", study.rows)
    yield Shown(Said(CONTROL, "shipped", {"rows": f"{study.rows:,}", "epochs": study.values["epochs"]}))
    yield Shown(_size(study))
    yield from _curves(study)
    yield Shown(images("filters", filters(study.net)))
    yield from _told(study)
    found = load(replace(desk, offline=True), study.data, train=1, test=TEST_ROWS)
    yield from _looked(study, found if found.name == study.data else None, values)
    yield Shown(_code(study))


def _code(study: Study) -> Code:
    network = str(study.values["network"])
    last = "c3" if network == "lenet" else "block3"
    return Code("code", CODE.format(network=network, epochs=study.values["epochs"], last=last))


def _size(study: Study) -> Said:
    return Said("size", "size", {"parameters": f"{study.parameters():,}", "rows": f"{study.rows:,}"})


def _curves(study: Study) -> Iterator[Event]:
    yield Shown(line("loss", {"train": study.losses}, Axes("epoch", "loss")))
    epochs = range(len(study.seen))
    shares = {"train": (epochs, study.seen), "held": (epochs, study.held)}
    yield Shown(line("accuracy", shares, Axes("epoch", "accuracy", span_y=(0, 1)), marks=True))


def _told(study: Study) -> Iterator[Event]:
    """The figures, and what they say."""
    import torch

    rows = census(study.net, torch.zeros(3 if len(study.shape) == 3 else 1, SIDE, SIDE))
    cells = tuple((row.name, " x ".join(map(str, row.shape)), row.parameters, row.products) for row in rows)
    yield Shown(Table("layers", ("layer", "output", "parameters", "products"), cells))
    if not study.alive:
        yield Shown(Said("verdict", "diverged", tone="bad"))
        return
    yield Score("accuracy", study.accuracy, low=_least(study), unit="share")
    yield Score("train", study.seen[-1], unit="share")
    yield Score("moved", study.moved, unit="share")
    yield Shown(_verdict(study))
    yield Shown(confusion("confusion", study.counts, study.classes))


def _least(study: Study) -> float | None:
    """Where the accuracy usually is at least, with so many rows and epochs; None where nobody can say."""
    epochs = int(study.values["epochs"])
    fitting = (least for least, rows, most in USUAL.get(study.data, ()) if study.rows >= rows and epochs >= most)
    return next(fitting, None)


def _verdict(study: Study) -> Said:
    seen, unseen = study.seen[-1], study.accuracy
    said = {"train": f"{100 * seen:.1f}", "held": f"{100 * unseen:.1f}", "moved": f"{100 * study.moved:.1f}"}
    if seen - unseen > OVERFIT:
        return Said("verdict", "overfit", said, "bad")
    return Said("verdict", "underfit" if seen < 0.6 else "fit", said, "plain" if seen < 0.6 else "good")


def _looked(study: Study, found: Loaded | None, values: Mapping[str, Value]) -> Iterator[Event]:
    """The drawing's class; the feature maps of the drawing, or else of a held-out picture; Grad-CAM on mistakes."""
    if not study.alive:
        return
    drawn = _drawing(study, str(values["drawing"]))
    yield from _named(study, drawn)
    held = prepared(found.test) if found else None
    if drawn is not None:
        yield from _maps(study, drawn)
    elif held is not None:
        yield from _maps(study, held.images[(int(values["picture"]) - 1) % len(held)])
    else:
        yield Shown(Said("maps", "no_picture"))
    if held is not None:
        yield from _mistakes(study, held)


def _drawing(study: Study, drawing: str) -> Any:
    """What was drawn as the network takes it, (1, 32, 32); None where nothing was, or the network takes colours."""
    if len(study.shape) == 3 or not any(part.strip("0 ") for part in drawing.split(",")):
        return None
    small = as_data(drawing, (study.shape[0], study.shape[1]), centred=study.data == "digits")  # (H, W)
    return framed(small[None])[0]  # (H, W) -> (1, 1, 32, 32) -> (1, 32, 32)


def _named(study: Study, drawn: Any) -> Iterator[Event]:
    if drawn is None:
        yield Shown(Said("drawing", "no_drawing" if len(study.shape) == 2 else "no_colours"))
        return
    share = logits(study.net, drawn[None]).softmax(dim=1)[0]  # (1, K) -> (K,)
    yield Shown(bars("drawing_share", study.classes, {"probability": share}, Axes("probability", ""), lying=True))
    best = int(share.argmax())
    said = {"kind": study.classes[best], "share": f"{100 * float(share[best]):.0f}"}
    yield Shown(Said("drawing", "drawing_is", said, "good"))


def _maps(study: Study, image: Any) -> Iterator[Event]:
    """One picture's feature maps through the finished network, and those of its second stage as it learned."""
    shown = {"picture": coloured(image)[None]} | {name: _rgb(tiles) for name, tiles in depths(study.net, image).items()}
    yield Shown(_rows("depths", shown))
    learnt = by_epoch(study.net, study.fronts, image)
    yield Shown(_rows("epochs", {str(epoch): _rgb(tiles) for epoch, tiles in learnt.items()}))


def _rgb(tiles: np.ndarray) -> np.ndarray:
    return tiles[..., None].repeat(3, axis=-1)  # (N, H, W) -> (N, H, W, 3)


def _rows(name: str, rows: Mapping[str, np.ndarray]) -> Figure:
    """A row of tiles (N, H, W, 3) each, filled up with white, its name under the first."""
    captions = [key if at == 0 else "" for key in rows for at in range(CHANNELS)]
    full = [np.concatenate([tiles, np.ones((CHANNELS - len(tiles), *tiles.shape[1:]))]) for tiles in rows.values()]
    return images(name, np.concatenate(full), captions, columns=CHANNELS)


def _mistakes(study: Study, held: Pictures) -> Iterator[Event]:
    """The surest mistakes: each picture, what spoke for the class it named, and what would have spoken for the true one."""
    import torch

    share = logits(study.net, held.images).softmax(dim=1)  # (N, K)
    said = share.argmax(dim=1)
    wrong = (said != held.kinds).nonzero().flatten()
    if not len(wrong):
        yield Shown(Said("mistakes", "no_mistakes", tone="good"))
        return
    surest = wrong[share.max(dim=1).values[wrong].argsort(descending=True, stable=True)][:MISTAKES]
    shown, kinds, named = held.images[surest], held.kinds[surest], said[surest]
    twice = torch.cat([shown, shown])
    heats = grad_cam(study.net, twice, torch.cat([named, kinds]))  # (2N, H, W)
    tiles, captions = [], []
    for n, image in enumerate(shown):
        tiles += [coloured(image), overlay(image, heats[n]), overlay(image, heats[n + len(shown)])]
        captions += [study.classes[kind] for kind in (int(kinds[n]), int(named[n]), int(kinds[n]))]
    yield Shown(images("cam", np.stack(tiles), captions, columns=6))


LAB = CnnLab()
