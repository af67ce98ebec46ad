"""A perceptron with hidden layers learns clothes or digits, is shown its mistakes, and names what the learner draws."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from itertools import pairwise
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
    Try,
    Value,
)
from app.labs.data.base import Loaded, Split
from app.labs.data.loading import load
from app.labs.figures import Axes, bars, confusion, images, line
from app.labs.parts.training import Curves, Plan, Rows, train
from app.lessons.base import need_torch
from models.errors import InputError

BATCH, TEST_ROWS, SHOWN_MISTAKES, SHOWN_UNITS = 64, 2000, 16, 16
PIXELS, KINDS = 784, 10
FLOPS, STEP_S, LONGEST_S = 8e9, 0.004, 1200.0  # what two slow cores do; overhead of a step
OVERFIT = 0.1  # so much better on what it has seen
USUAL = {"fashion-mnist": (0.78, 5000), "digits": (0.88, 1000)}  # least accuracy, from so many rows on
FULL = (0.87, 60_000, 10)  # least accuracy on Fashion-MNIST from so many rows and epochs on


class MlpLab:
    """See the module."""

    name, order = "mlp", 30
    notes = ("06-mlp-overfitting.md",)
    network = ("models.nn.mlp", "models.nn.optimisers")
    controls = (
        Choice("data", ("fashion-mnist", "digits"), "fashion-mnist"),
        Range("rows", 20, 60_000, 6000, log=True),
        Range("layers", 0, 4, 1),
        Range("width", 1, 512, 128),
        Choice("activation", ("relu", "tanh", "sigmoid", "identity"), "relu"),
        Choice("optimiser", ("sgd", "momentum", "adam"), "adam"),
        Range("rate", 1e-4, 1.0, 0.001, log=True, whole=False),
        Choice("l2", ("0", "0.0001", "0.001", "0.01"), "0"),
        Range("dropout", 0.0, 0.9, 0.0, step=0.1, whole=False),
        Range("epochs", 1, 100, 8),
        Choice("way", ("scratch", "torch"), "scratch"),
        Drawing("drawing"),
    )
    tries = (
        Try(2, {"data": "digits", "rows": 50, "epochs": 60}),
        Try(1, {"data": "digits", "rows": 1400, "layers": 3, "activation": "identity", "epochs": 20}),
        Try(
            3, {"data": "digits", "rows": 1400, "optimiser": "sgd", "layers": 4, "activation": "sigmoid", "rate": 0.01}
        ),
    )
    small: ClassVar[dict[str, Value]] = {"data": "digits", "rows": 40, "width": 8, "epochs": 2}

    def seconds(self, **values: Value) -> float:
        """From the multiplications: six for each weight and row, forward and backward."""
        hidden = [int(values["width"])] * int(values["layers"])
        widths = [PIXELS, *hidden, KINDS]
        weights = sum(here * there for here, there in pairwise(widths))
        rows, epochs = int(values["rows"]), int(values["epochs"])
        steps = epochs * math.ceil(rows / BATCH)
        judged = (epochs + 1) * 2 * (min(rows, TEST_ROWS) + TEST_ROWS) * weights
        return 15.0 + (6 * weights * rows * epochs + judged) / FLOPS + steps * STEP_S

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """The curves while it learns, then the figures of what it learned. Raises InputError for what would take too long."""
        need_torch()
        _bearable(self.seconds(**values))
        found = load(desk, str(values["data"]), train=int(values["rows"]), test=TEST_ROWS)
        yield found.used()
        from models.nn.mlp import WAYS, Recipe

        rows, held = (_rows(split) for split in (found.train, found.test))
        recipe = Recipe(
            widths=_widths(found, int(values["layers"]), int(values["width"])),
            activation=values["activation"],  # type: ignore[arg-type]
            dropout=float(values["dropout"]),
            optimiser=values["optimiser"],  # type: ignore[arg-type]
            rate=float(values["rate"]),
            l2=float(values["l2"]),
            seed=desk.seed,
        )
        net, begun = WAYS[str(values["way"])](recipe), time.monotonic()
        yield Shown(Said("size", "size", {"parameters": f"{recipe.parameters():,}", "rows": f"{len(rows.kinds):,}"}))
        curves = Curves()
        for done, curves in train(net, rows, held, Plan(int(values["epochs"]), BATCH, desk.seed)):
            yield Progress(done, 1, "learning")
            yield from _curves(curves)
        yield Score("seconds", time.monotonic() - begun, unit="seconds")
        yield from _learned(net, found, held, curves, int(values["epochs"]))
        yield from _drawn(net, found, str(values["drawing"]))
        yield Shown(Code("code", CODE.format(recipe=recipe, way=type(net).__name__, epochs=values["epochs"])))


CODE = """\
net = {way}({recipe})
for epoch in range({epochs}):
    for batch in torch.randperm(len(kinds)).split(64):
        net.learn(images[batch], kinds[batch])
accuracy = (net.logits(test_images).argmax(dim=1) == test_kinds).float().mean()
"""


def _bearable(seconds: float) -> None:
    if seconds > LONGEST_S:
        minutes, most = round(seconds / 60), round(LONGEST_S / 60)
        detail = (
            f"this would take about {minutes} minutes; choose fewer rows, epochs or neurons (at most {most} minutes)"
        )
        raise InputError(detail=detail, text_key="too_much", minutes=minutes, most=most)


def _rows(split: Split) -> Rows:
    import torch

    flat = split.inputs.reshape(len(split), -1)  # (N, H, W) -> (N, H * W)
    return Rows(torch.from_numpy(flat.astype(np.float32) / 255), torch.from_numpy(split.targets))


def _widths(found: Loaded, layers: int, width: int) -> tuple[int, ...]:
    pixels = math.prod(found.train.inputs.shape[1:])
    return (pixels, *[width] * layers, len(found.classes))


def _curves(curves: Curves) -> Iterator[Event]:
    losses = {"train": (curves.epochs, curves.train_loss), "held": (curves.epochs, curves.held_loss)}
    shares = {"train": (curves.epochs, curves.train), "held": (curves.epochs, curves.held)}
    yield Shown(line("loss", losses, Axes("epoch", "loss"), marks=True))
    yield Shown(line("accuracy", shares, Axes("epoch", "accuracy", span_y=(0, 1)), marks=True))


def _learned(net: Any, found: Loaded, held: Rows, curves: Curves, epochs: int) -> Iterator[Event]:
    """Accuracy, what it says of over- and underfitting, the confusions, the surest mistakes, and what the first layer looks for."""
    seen, unseen = curves.train[-1], curves.held[-1]
    yield Score("accuracy", unseen, low=_least(found, epochs), unit="share")
    yield Score("train", seen, unit="share")
    yield Shown(_verdict(curves))
    if not math.isfinite(curves.train_loss[-1]):
        return
    share = net.logits(held.inputs).softmax(dim=1)  # (N, K)
    said = share.argmax(dim=1)
    counts = np.zeros((len(found.classes), len(found.classes)), int)
    np.add.at(counts, (held.kinds.numpy(), said.numpy()), 1)
    yield Shown(confusion("confusion", counts, found.classes))
    wrong = np.flatnonzero((said != held.kinds).numpy())
    surest = wrong[np.argsort(-share.max(dim=1).values.numpy()[wrong], kind="stable")][:SHOWN_MISTAKES]
    if len(surest):
        captions = [f"{found.classes[int(held.kinds[n])]} → {found.classes[int(said[n])]}" for n in surest]
        yield Shown(images("mistakes", found.test.inputs[surest], captions, columns=4))
    yield Shown(images("units", _units(net, found), columns=8))


def _least(found: Loaded, epochs: int) -> float | None:
    """Where the accuracy usually is at least, with so many rows; None where nobody can say."""
    least, rows = USUAL.get(found.name, (None, 0))
    full, most_rows, most_epochs = FULL
    if found.name == "fashion-mnist" and len(found.train) >= most_rows and epochs >= most_epochs:
        return full
    return least if len(found.train) >= rows else None


def _verdict(curves: Curves) -> Said:
    seen, unseen = curves.train[-1], curves.held[-1]
    values = {"train": f"{100 * seen:.1f}", "held": f"{100 * unseen:.1f}"}
    if not math.isfinite(curves.train_loss[-1]):
        return Said("verdict", "diverged", tone="bad")
    if seen - unseen > OVERFIT:
        return Said("verdict", "overfit", values, "bad")
    return Said("verdict", "underfit" if seen < 0.7 else "fit", values, "plain" if seen < 0.7 else "good")


def _units(net: Any, found: Loaded) -> np.ndarray:
    """The weights of the first layer's neurons as pictures, each scaled to its own range: (units, H, W) from 0 to 1."""
    weight = net.weights()[0][:, :SHOWN_UNITS].numpy()  # (H * W, units)
    side = found.train.inputs.shape[1:3]
    pictures = weight.T.reshape(-1, *side)  # (units, H * W) -> (units, H, W)
    most = np.abs(pictures).max(axis=(1, 2), keepdims=True) + 1e-12
    return np.asarray(0.5 + 0.5 * pictures / most, dtype=np.float64)


def _drawn(net: Any, found: Loaded, drawing: str) -> Iterator[Event]:
    """What the network takes the drawing for."""
    if not drawing or not any(int(part) for part in drawing.split(",")):
        yield Shown(Said("drawing", "no_drawing"))
        return
    seen = as_data(drawing, found.train.inputs.shape[1:3], centred=found.name == "digits")
    import torch

    share = net.logits(torch.from_numpy(seen.reshape(1, -1))).softmax(dim=1)[0]  # (H, W) -> (1, H * W) -> (K,)
    yield Shown(images("drawing", seen[None].astype(np.float64)))
    yield Shown(bars("drawing_share", found.classes, {"probability": share}, Axes("probability", ""), lying=True))
    best = int(share.argmax())
    values = {"kind": found.classes[best], "share": f"{100 * float(share[best]):.0f}"}
    yield Shown(Said("drawing", "drawing_is", values, "good"))


def as_data(drawing: str, shape: tuple[int, int], centred: bool) -> np.ndarray:
    """The drawing in the size of the data's pictures, from 0 to 1: (H, W) float32. centred: cut to what is drawn first, as
    the digits are."""
    import torch
    from torch.nn import functional

    values = np.array([int(part) for part in drawing.split(",")], np.float32) / 255
    side = math.isqrt(len(values))
    grey = values.reshape(side, side)  # (S * S,) -> (S, S)
    if centred:
        grey = _cut(grey)
    pooled: Any = functional.adaptive_avg_pool2d(
        torch.from_numpy(grey)[None, None], shape
    )  # (1, 1, S, S) -> (1, 1, H, W)
    small: np.ndarray = pooled[0, 0].numpy()
    return small / max(float(small.max()), 1e-6) if centred else small


def _cut(grey: np.ndarray) -> np.ndarray:
    """The smallest square about what is drawn, with the drawing in its middle."""
    rows, columns = (np.flatnonzero(grey.any(axis=axis)) for axis in (1, 0))
    inner = grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    side = max(inner.shape)
    high, wide = ((side - length) // 2 for length in inner.shape)
    square = np.zeros((side, side), np.float32)
    square[high : high + inner.shape[0], wide : wide + inner.shape[1]] = inner
    return square


LAB = MlpLab()
