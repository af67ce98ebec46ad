"""A perceptron parts two groups of points in the plane while the learner watches the boundary bend."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from app.labs.base import Choice, Code, Desk, Event, Figure, Progress, Range, Said, Score, Shown, Try, Used, Value
from app.labs.figures import Axes, Ground, boundary, images, line
from app.labs.parts.toys import points
from app.labs.parts.training import Curves, Plan, Rows, train
from app.lessons.base import need_torch

BATCH, TEST_POINTS, GRID, SHOWN_UNITS = 32, 500, 61, 24
EDGE = 1.5
LEAST = 0.95
CODE = """\
net = ScratchMlp({recipe})
for epoch in range({epochs}):
    for batch in torch.randperm(len(kinds)).split(32):
        net.learn(points[batch], kinds[batch])
probability = net.logits(grid).softmax(dim=1)[:, 1]
"""


class Boundary:
    """See the module."""

    name, order = "boundary", 31
    notes = ("06-mlp-overfitting.md",)
    network = ("models.nn.mlp",)
    controls = (
        Choice("toy", ("moons", "circles", "xor", "spiral"), "moons"),
        Range("points", 10, 2000, 300),
        Range("noise", 0.0, 0.5, 0.08, step=0.01, whole=False),
        Range("layers", 0, 4, 1),
        Range("width", 1, 64, 16),
        Choice("activation", ("relu", "tanh", "sigmoid", "identity"), "relu"),
        Range("rate", 1e-4, 1.0, 0.02, log=True, whole=False),
        Choice("l2", ("0", "0.001", "0.01", "0.1"), "0"),
        Range("epochs", 1, 200, 60),
    )
    tries = (
        Try(1, {"toy": "xor", "layers": 0}),
        Try(3, {"toy": "circles", "layers": 3, "activation": "identity"}),
        Try(2, {"toy": "circles", "layers": 1, "width": 3, "noise": 0.0}),
    )
    small: ClassVar[dict[str, Value]] = {"points": 40, "width": 4, "epochs": 3}

    def seconds(self, **values: Value) -> float:
        """Steps of a net so small that only their number counts."""
        steps = int(values["epochs"]) * math.ceil(int(values["points"]) / BATCH)
        return 10.0 + steps * (0.004 + 0.002 * int(values["layers"])) * (1 + int(values["width"]) / 64)

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """The boundary and the losses while it learns."""
        need_torch()
        from models.nn.mlp import Recipe, ScratchMlp

        toy, count, noise = str(values["toy"]), int(values["points"]), float(values["noise"])
        yield Used(toy, "made", count + TEST_POINTS)
        rows, held = _rows(toy, count, noise, desk.seed), _rows(toy, TEST_POINTS, noise, desk.seed + 1)
        layers, width = int(values["layers"]), int(values["width"])
        recipe = Recipe(
            widths=(2, *[width] * layers, 2),
            activation=values["activation"],  # type: ignore[arg-type]
            rate=float(values["rate"]),
            l2=float(values["l2"]),
            seed=desk.seed,
        )
        net, curves = ScratchMlp(recipe), Curves()
        for done, curves in train(net, rows, held, Plan(int(values["epochs"]), BATCH, desk.seed)):
            yield Progress(done, 1, "learning")
            yield Shown(_boundary(net, rows))
            losses = {"train": (curves.epochs, curves.train_loss), "held": (curves.epochs, curves.held_loss)}
            yield Shown(line("loss", losses, Axes("epoch", "loss")))
        bent = layers > 0 and recipe.activation != "identity"
        yield Score("accuracy", curves.held[-1], low=LEAST if _enough(values) else None, unit="share")
        yield Score("train", curves.train[-1], unit="share")
        yield Shown(_verdict(curves, bent, layers * width))
        if bent:
            yield Shown(_units(net, recipe.activation))
        yield Shown(Code("code", CODE.format(recipe=recipe, epochs=values["epochs"])))


def _rows(toy: str, count: int, noise: float, seed: int) -> Rows:
    import torch

    placed, kinds = points(toy, count, noise, seed)
    return Rows(torch.from_numpy(placed.astype(np.float32)), torch.from_numpy(kinds))


def _enough(values: dict[str, Value]) -> bool:
    """True where the settings are at least those of the expected range."""
    least = {"layers": 1, "width": 16, "points": 300, "epochs": 60}
    usual = values["toy"] != "spiral" and values["activation"] in {"relu", "tanh"} and values["l2"] == "0"
    return usual and float(values["noise"]) <= 0.1 and all(int(values[name]) >= most for name, most in least.items())


def _grid() -> tuple[np.ndarray, Any]:
    """The axis of a picture, and its points row by row: (GRID,) and (GRID * GRID, 2)."""
    import torch

    axis = np.linspace(-EDGE, EDGE, GRID)
    xs, ys = np.meshgrid(axis, axis)
    flat = np.stack([xs.ravel(), ys.ravel()], axis=1)  # (GRID, GRID) twice -> (GRID * GRID, 2)
    return axis, torch.from_numpy(flat.astype(np.float32))


def _boundary(net: Any, rows: Rows) -> Figure:
    axis, grid = _grid()
    share = net.logits(grid).softmax(dim=1)[:, 1].reshape(GRID, GRID)  # (GRID * GRID, 2) -> (GRID, GRID)
    groups = {}
    for kind, name in enumerate(("zero", "one")):
        among = rows.inputs[rows.kinds == kind]  # (n, 2)
        groups[name] = (among[:, 0], among[:, 1])
    return boundary("boundary", Ground(axis, axis, share), groups, Axes("x1", "x2", equal=True))


def _units(net: Any, activation: str) -> Figure:
    """What each neuron of the first hidden layer says over the plane, upright, from its least to its most."""
    from models.nn.mlp import activate

    _, grid = _grid()
    weight, bias = net.weights()[:2]
    values = activate(activation, grid @ weight + bias)[:, :SHOWN_UNITS]  # type: ignore[arg-type]  # (GRID * GRID, units)
    pictures = values.T.reshape(-1, GRID, GRID).flip(1)  # (units, GRID * GRID) -> (units, GRID, GRID), y upwards
    low, high = pictures.amin(dim=(1, 2), keepdim=True), pictures.amax(dim=(1, 2), keepdim=True)
    return images("units", ((pictures - low) / (high - low + 1e-9)).double(), columns=8)


def _verdict(curves: Curves, bent: bool, neurons: int) -> Said:
    if not math.isfinite(curves.train_loss[-1]):
        return Said("verdict", "diverged", tone="bad")
    if not bent:
        return Said("verdict", "straight")
    return Said("verdict", "bent", {"neurons": neurons, "held": f"{100 * curves.held[-1]:.1f}"}, "good")


LAB = Boundary()
