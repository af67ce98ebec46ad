"""A perceptron with hidden layers learns clothes or digits, is shown its mistakes, and names what the learner draws.

With the weights that came along, one net for each dataset, a drawing is named at once.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
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
    Used,
    Value,
    read_values,
)
from app.labs.checkpoints import CONTROL, SHIPPED, TRAIN, Made, find, place
from app.labs.data.base import Loaded, Split
from app.labs.data.loading import load
from app.labs.figures import Axes, bars, confusion, images, line
from app.labs.parts.training import Curves, Plan, Rows, train
from app.lessons.base import need_torch
from models.errors import InputError, MissingError

BATCH, TEST_ROWS, SHOWN_MISTAKES, SHOWN_UNITS = 64, 2000, 16, 16
PIXELS, KINDS = 784, 10
DRAWN = 28  # pixels of a drawing's side; what learned smaller pictures, the digits, sees it cut to what is drawn
SHIPPED_S = 8.0  # to load, to name a drawing, and to look for mistakes
FLOPS, STEP_S, LONGEST_S = 8e9, 0.004, 1200.0  # what two slow cores do; overhead of a step
OVERFIT = 0.1  # so much better on what it has seen
LEARNT = 0.7  # of what it has seen; with less it underfits
USUAL = {"fashion-mnist": (0.78, 5000), "digits": (0.88, 1000)}  # least accuracy, from so many rows on
FULL = (0.87, 60_000, 10)  # least accuracy on Fashion-MNIST from so many rows and epochs on
DATA = ("fashion-mnist", "digits")
MANY_DIGITS: dict[str, Value] = {"data": "digits", "rows": 1400}


class MlpLab:
    """See the module."""

    name, order = "mlp", 30
    notes = ("06-mlp-overfitting.md",)
    network = ("models.nn.mlp", "models.nn.optimisers")
    controls = (
        Choice(CONTROL, (SHIPPED, TRAIN), SHIPPED),
        Choice("data", DATA, DATA[0]),
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
    ships: ClassVar[dict[str, Value]] = {
        "rows": 60_000,
        "layers": 1,
        "width": 256,
        "activation": "relu",
        "optimiser": "adam",
        "rate": 0.001,
        "l2": "0",
        "dropout": 0.2,
        "epochs": 15,
        "way": "scratch",
    }
    tries = (
        Try(2, {CONTROL: TRAIN, "data": "digits", "rows": 50, "epochs": 60}),
        Try(1, {CONTROL: TRAIN, **MANY_DIGITS, "layers": 3, "activation": "identity", "epochs": 20}),
        Try(3, {CONTROL: TRAIN, **MANY_DIGITS, "optimiser": "sgd", "layers": 4, "activation": "sigmoid", "rate": 0.01}),
    )
    small: ClassVar[dict[str, Value]] = {CONTROL: TRAIN, "data": "digits", "rows": 40, "width": 8, "epochs": 2}

    def seconds(self, **values: Value) -> float:
        """From the multiplications: six for each weight and row, forward and backward."""
        if values[CONTROL] == SHIPPED and place(self.name):
            return SHIPPED_S
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
        shipped = find(self.name) if values[CONTROL] == SHIPPED else None
        if shipped:
            yield from self._shipped(desk, shipped, values)
            return
        _bearable(self.seconds(**values))
        if values[CONTROL] == SHIPPED:
            yield Shown(Said(CONTROL, "not_shipped"))
        found = load(desk, str(values["data"]), train=int(values["rows"]), test=TEST_ROWS)
        yield found.used()
        rows, held = (_rows(split) for split in (found.train, found.test))
        net, begun, curves = _net(values, _widths(found, values), desk.seed), time.monotonic(), Curves()
        yield Shown(_size(net, len(rows.kinds)))
        for done, curves in train(net, rows, held, Plan(int(values["epochs"]), BATCH, desk.seed)):
            yield Progress(done, 1, "learning")
            yield from _curves(curves)
        yield Score("seconds", time.monotonic() - begun, unit="seconds")
        yield from _told(curves, _least(found.name, len(rows.kinds), int(values["epochs"])))
        if math.isfinite(curves.train_loss[-1]):
            yield Shown(confusion("confusion", _counts(net, held, len(found.classes)), found.classes))
            yield from _mistakes(net, found)
            yield Shown(images("units", _units(net, found.train.inputs.shape[1:3]), columns=8))
        yield from _drawn(net, found.classes, str(values["drawing"]))
        yield Shown(_code(net, values))

    def _shipped(self, desk: Desk, made: Made, values: Mapping[str, Value]) -> Iterator[Event]:
        """The net that came along: the drawing first, then how it learned; its mistakes where its dataset lies on this machine."""
        name = str(values["data"])
        facts, trained = made.facts[name], {**read_values(self, self.ships), **made.facts["values"]}
        weights = [made.tensors[f"{name}.{n}"] for n in range(2 * (int(trained["layers"]) + 1))]
        net = _net(trained, (len(weights[0]), *(len(bias) for bias in weights[1::2])), desk.seed)
        net.load(weights)
        yield Used(name, "shipped", facts["rows"])
        yield Shown(Said(CONTROL, "shipped", {"rows": f"{facts['rows']:,}", "epochs": trained["epochs"]}))
        yield from _drawn(net, facts["classes"], str(values["drawing"]))
        yield Shown(_size(net, facts["rows"]))
        curves = Curves(**facts["curves"])
        yield from _curves(curves)
        yield from _told(curves, _least(name, facts["rows"], int(trained["epochs"])))
        yield Shown(confusion("confusion", facts["counts"], facts["classes"]))
        yield Shown(images("units", _units(net, facts["shape"]), columns=8))
        found = load(replace(desk, offline=True), name, train=1, test=TEST_ROWS)
        if found.name == name:
            yield from _mistakes(net, found)
        yield Shown(_code(net, trained))

    def make(self, desk: Desk, **values: Value) -> Iterator[Progress | Made]:
        """A net for each dataset, or for values["data"] alone. Raises MissingError where one of them is not there."""
        given = read_values(self, values)
        names = (str(values["data"]),) if "data" in values else DATA
        tensors: dict[str, Any] = {}
        facts: dict[str, Any] = {"values": {name: given[name] for name in self.ships}, "seconds": 0.0}
        for at, name in enumerate(names):
            found, begun, curves = load(desk, name, train=int(given["rows"])), time.monotonic(), Curves()
            if found.name != name:
                raise MissingError(what=name, fix="bring the dataset itself, nothing that stands in for it")
            rows, held = (_rows(split) for split in (found.train, found.test))
            net = _net(given, _widths(found, given), desk.seed)
            for done, curves in train(net, rows, held, Plan(int(given["epochs"]), BATCH, desk.seed)):  # noqa: B007 - kept
                yield Progress(at + done, len(names), "learning")
            tensors |= {f"{name}.{n}": weight for n, weight in enumerate(net.weights())}
            facts[name] = {
                "rows": len(rows.kinds),
                "shape": list(found.train.inputs.shape[1:3]),
                "classes": list(found.classes),
                "curves": asdict(curves),
                "counts": _counts(net, held, len(found.classes)).tolist(),
            }
            facts["seconds"] += time.monotonic() - begun
        yield Made(tensors, facts | {"data": ", ".join(f"{name} ({facts[name]['rows']:,} rows)" for name in names)})


CODE = """\
net = {way}({recipe})
for epoch in range({epochs}):
    for batch in torch.randperm(len(kinds)).split(64):
        net.learn(images[batch], kinds[batch])
accuracy = (net.logits(test_images).argmax(dim=1) == test_kinds).float().mean()
"""


def _net(values: Mapping[str, Value], widths: tuple[int, ...], seed: int) -> Any:
    from models.nn.mlp import WAYS, Recipe

    recipe = Recipe(
        widths=widths,
        activation=values["activation"],  # type: ignore[arg-type]
        dropout=float(values["dropout"]),
        optimiser=values["optimiser"],  # type: ignore[arg-type]
        rate=float(values["rate"]),
        l2=float(values["l2"]),
        seed=seed,
    )
    return WAYS[str(values["way"])](recipe)


def _size(net: Any, rows: int) -> Said:
    return Said("size", "size", {"parameters": f"{net.recipe.parameters():,}", "rows": f"{rows:,}"})


def _code(net: Any, values: Mapping[str, Value]) -> Code:
    return Code("code", CODE.format(recipe=net.recipe, way=type(net).__name__, epochs=values["epochs"]))


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


def _widths(found: Loaded, values: Mapping[str, Value]) -> tuple[int, ...]:
    pixels = math.prod(found.train.inputs.shape[1:])
    return (pixels, *[int(values["width"])] * int(values["layers"]), len(found.classes))


def _curves(curves: Curves) -> Iterator[Event]:
    losses = {"train": (curves.epochs, curves.train_loss), "held": (curves.epochs, curves.held_loss)}
    shares = {"train": (curves.epochs, curves.train), "held": (curves.epochs, curves.held)}
    yield Shown(line("loss", losses, Axes("epoch", "loss"), marks=True))
    yield Shown(line("accuracy", shares, Axes("epoch", "accuracy", span_y=(0, 1)), marks=True))


def _told(curves: Curves, least: float | None) -> Iterator[Event]:
    """Accuracy, and what it says of over- and underfitting."""
    yield Score("accuracy", curves.held[-1], low=least, unit="share")
    yield Score("train", curves.train[-1], unit="share")
    yield Shown(_verdict(curves))


def _counts(net: Any, held: Rows, kinds: int) -> np.ndarray:
    """(true kind, predicted kind)."""
    counts = np.zeros((kinds, kinds), int)
    np.add.at(counts, (held.kinds.numpy(), net.logits(held.inputs).argmax(dim=1).numpy()), 1)
    return counts


def _mistakes(net: Any, found: Loaded) -> Iterator[Event]:
    """The surest ones; nothing where there are none."""
    held = _rows(found.test)
    sure, said = net.logits(held.inputs).softmax(dim=1).max(dim=1)  # (N, K) -> (N,)
    wrong = np.flatnonzero((said != held.kinds).numpy())
    surest = wrong[np.argsort(-sure.numpy()[wrong], kind="stable")][:SHOWN_MISTAKES]
    if len(surest):
        captions = [f"{found.classes[int(held.kinds[n])]} → {found.classes[int(said[n])]}" for n in surest]
        yield Shown(images("mistakes", found.test.inputs[surest], captions, columns=4))


def _least(name: str, rows: int, epochs: int) -> float | None:
    """Where the accuracy usually is at least, with so many rows; None where nobody can say."""
    least, fewest = USUAL.get(name, (None, 0))
    full, most_rows, most_epochs = FULL
    if name == "fashion-mnist" and rows >= most_rows and epochs >= most_epochs:
        return full
    return least if rows >= fewest else None


def _verdict(curves: Curves) -> Said:
    seen, unseen = curves.train[-1], curves.held[-1]
    values = {"train": f"{100 * seen:.1f}", "held": f"{100 * unseen:.1f}"}
    if not math.isfinite(curves.train_loss[-1]):
        return Said("verdict", "diverged", tone="bad")
    if seen - unseen > OVERFIT and seen > LEARNT / 2:
        return Said("verdict", "overfit", values, "bad")
    return Said("verdict", "underfit" if seen < LEARNT else "fit", values, "plain" if seen < LEARNT else "good")


def _units(net: Any, shape: Sequence[int]) -> np.ndarray:
    """The weights of the first layer's neurons as pictures, each scaled to its own range: (units, H, W) from 0 to 1."""
    weight = net.weights()[0][:, :SHOWN_UNITS].numpy()  # (H * W, units)
    pictures = weight.T.reshape(-1, *shape)  # (units, H * W) -> (units, H, W)
    most = np.abs(pictures).max(axis=(1, 2), keepdims=True) + 1e-12
    return np.asarray(0.5 + 0.5 * pictures / most, dtype=np.float64)


def _drawn(net: Any, classes: Sequence[str], drawing: str) -> Iterator[Event]:
    """What the network takes the drawing for."""
    if not drawing or not any(int(part) for part in drawing.split(",")):
        yield Shown(Said("drawing", "no_drawing"))
        return
    import torch

    side = math.isqrt(len(net.weights()[0]))  # of the pictures it learned
    seen = as_data(drawing, (side, side), centred=side < DRAWN)
    share = net.logits(torch.from_numpy(seen.reshape(1, -1))).softmax(dim=1)[0]  # (H, W) -> (1, H * W) -> (K,)
    yield Shown(images("drawing", seen[None].astype(np.float64)))
    yield Shown(bars("drawing_share", classes, {"probability": share}, Axes("probability", ""), lying=True))
    best = int(share.argmax())
    values = {"kind": classes[best], "share": f"{100 * float(share[best]):.0f}"}
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
