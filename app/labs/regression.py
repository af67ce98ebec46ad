"""Linear and logistic regression by gradient descent: one step of autograd written out, the path on the loss, and the rate at which it breaks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np

from app.labs.base import Choice, Code, Desk, Event, Figure, Progress, Range, Said, Score, Shown, Table, Try, Value
from app.labs.data.base import Loaded
from app.labs.data.loading import load
from app.labs.figures import Axes, Ground, line, scatter, surface
from app.labs.parts.descent import REACHED, Run, Task, descend, inside, window
from models.nn.autograd import Array, sigmoid

Tone = Literal["plain", "good", "bad"]
DATA = {"linear": ("diabetes", "bmi"), "logistic": ("breast-cancer", "mean radius")}
TONE: dict[str, Tone] = {"converges": "good", "crawls": "plain", "oscillates": "plain", "diverges": "bad"}
CODE = """\
w, b = 0.0, 0.0
for step in range({steps}):
    weight, bias = Value(w, "w"), Value(b, "b")
    z = weight * x + bias
    loss = {loss}
    loss.backward()
    w -= {rate:g} * weight.grad
    b -= {rate:g} * bias.grad
"""
LOSS = {"linear": "((z - y) ** 2).mean()", "logistic": "(z.softplus() - y * z).mean()"}


class Regression:
    """See the module."""

    name, order = "regression", 20
    notes = ("05-regression.md", "04-tensors-autograd.md")
    network = ("models.nn.autograd",)
    controls = (
        Choice("model", ("linear", "logistic"), "linear"),
        Choice("scaling", ("standard", "raw"), "standard"),
        Range("rate", 1e-5, 100.0, 0.1, log=True, whole=False),
        Range("steps", 1, 300, 60),
    )
    tries = (
        Try(3, {"model": "linear", "scaling": "standard", "rate": 1.05, "steps": 60}),
        Try(2, {"model": "linear", "scaling": "raw", "rate": 0.001, "steps": 300}),
        Try(1, {"model": "logistic", "scaling": "standard", "rate": 10.0, "steps": 60}),
    )
    small: ClassVar[dict[str, Value]] = {"steps": 5}

    def seconds(self, **values: Value) -> float:
        """Some hundred steps on some hundred rows."""
        return 5.0

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """The data and one step written out, then the run with its loss, path and verdict."""
        model, rate, steps = str(values["model"]), float(values["rate"]), int(values["steps"])
        found = load(desk, DATA[model][0])
        yield found.used()
        task, feature = _task(model, found, raw=values["scaling"] == "raw")
        yield Shown(_written_out(task))
        yield Shown(Code("code", CODE.format(steps=steps, rate=rate, loss=LOSS[model])))
        yield Progress(0, 1)
        run = descend(task, rate, steps, (0.0, 0.0))
        yield Progress(1, 1)
        yield from _told(task, run, rate)
        yield from _drawn(task, run, feature)


def _task(model: str, found: Loaded, raw: bool) -> tuple[Task, str]:
    """One feature of the data; the made stand-ins have none of that name, and give their first. Two classes: the rows of 0 and 1."""
    name = DATA[model][1]
    feature = name if name in found.features else found.features[0]
    kept = found.train.targets <= 1 if model == "logistic" else np.ones(len(found.train), bool)
    x = found.train.inputs[kept, found.features.index(feature)]  # (N, F) -> (N,)
    if not raw:
        x = (x - x.mean()) / x.std()
    return Task(model, x.astype(np.float64), found.train.targets[kept].astype(np.float64)), feature


def _written_out(task: Task) -> Table:
    """The loss of the first row at w = b = 0, node by node: forward from the top, backward from the bottom."""
    loss, _, _ = task.graph(0.0, 0.0, one=0)
    loss.backward()
    rows = [
        (
            step.name,
            step.formula,
            f"{float(step.value):.4g}",
            "  ".join(f"∂{step.name}/∂{to} = {rule} = {float(local):.4g}" for to, rule, local in step.local),
            f"{float(step.grad):.4g}",
        )
        for step in loss.steps()
    ]
    return Table("autograd", ("node", "formula", "value", "local", "gradient"), tuple(rows))


def _told(task: Task, run: Run, rate: float) -> Iterator[Event]:
    """The verdict beside what theory says of this rate."""
    bound, verdict = task.bound(), run.verdict()
    said: dict[str, str | float | int] = {"rate": f"{rate:g}", "bound": f"{bound:.3g}", "steps": len(run.losses) - 1}
    yield Shown(Said("verdict", f"verdict_{verdict}", said, TONE[verdict]))
    side = "under" if rate < bound else f"over_{task.model}"
    yield Shown(Said("theory", f"theory_{side}", said))
    yield Score("bound", bound)
    if math.isfinite(run.gap()):
        yield Score("gap", max(0.0, run.gap()), high=REACHED, unit="share")
        yield Score("loss", run.losses[-1], unit="loss")


def _drawn(task: Task, run: Run, feature: str) -> Iterator[Event]:
    """The fall of the loss, the path seen from above, and the fitted curve over the data."""
    yield Shown(line("loss", {"loss": (range(len(run.losses)), run.losses)}, Axes("step", "loss", log_y=True)))
    best = task.best()
    ws, bs = window(best, (0.0, 0.0))
    ground = Ground(ws, bs, task.loss(*np.meshgrid(ws, bs)), log=task.model == "linear")
    paths = {"path": inside(run, ws, bs), "best": ([best[0]], [best[1]])}
    yield Shown(surface("surface", ground, paths, Axes("w", "b")))
    w, b = run.ws[-1], run.bs[-1]
    if math.isfinite(w) and math.isfinite(b):
        yield Shown(_fit(task, feature, (w, b), best))


def _fit(task: Task, feature: str, at: tuple[float, float], best: tuple[float, float]) -> Figure:
    """The data as points, what was learned and what is best as curves."""
    xs = np.linspace(task.x.min(), task.x.max(), 80)

    def curve(w: float, b: float) -> tuple[Array, Array]:
        z = w * xs + b
        return xs, z if task.model == "linear" else sigmoid(z)

    points = scatter("fit", {"rows": (task.x, task.y)}, Axes(feature, "target"))
    curves = line("fit", {"rows": ([], []), "learned": curve(*at), "best": curve(*best)})
    return Figure("fit", [*points.data, *curves.data[1:]], {**points.layout, "showlegend": True}, height=380)


LAB = Regression()
