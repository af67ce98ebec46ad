"""SGD, momentum and Adam race on one surface: a narrow valley, Rosenbrock's bent one, or a saddle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from app.labs.base import Choice, Code, Desk, Event, Progress, Range, Said, Score, Shown, Table, Try, Used, Value
from app.labs.figures import Axes, Ground, line, surface
from app.labs.parts.race import NAMES, Hill, Path, Race, hill

LABELS = {"sgd": "SGD", "momentum": "Momentum", "adam": "Adam"}
RATES = np.logspace(-4, 0, 17)  # tried for each optimiser where each may have its own
CODE = {
    "sgd": "w = w - rate * g",
    "momentum": "v = beta * v + g\nw = w - rate * v",
    "adam": "m = beta * m + (1 - beta) * g\ns = 0.999 * s + 0.001 * g * g\n"
    "w = w - rate * (m / (1 - beta**t)) / ((s / (1 - 0.999**t)) ** 0.5 + 1e-8)",
}


class Optimisers:
    """See the module."""

    name, order = "optimisers", 21
    notes = ("05-regression.md", "06-mlp-overfitting.md")
    network = ("models.nn.optimisers", "models.nn.autograd")
    controls = (
        Choice("ground", ("valley", "rosenbrock", "saddle"), "valley"),
        Range("curvature", 1, 200, 30),
        Choice("rates", ("same", "own"), "same"),
        Range("rate", 1e-4, 1.0, 0.02, log=True, whole=False),
        Range("beta", 0.0, 0.99, 0.9, step=0.01, whole=False),
        Range("noise", 0.0, 2.0, 0.0, step=0.1, whole=False),
        Range("steps", 1, 500, 150),
    )
    tries = (
        Try(1, {"ground": "valley", "curvature": 100, "rates": "same", "rate": 0.03, "steps": 200}),
        Try(3, {"ground": "saddle", "rates": "same", "rate": 0.05, "steps": 300}),
        Try(2, {"ground": "rosenbrock", "rates": "own", "steps": 300}),
    )
    small: ClassVar[dict[str, Value]] = {"steps": 20}

    def seconds(self, **values: Value) -> float:
        """Each optimiser's own rate is sought among RATES."""
        runs = len(RATES) if values["rates"] == "own" else 1
        return 3.0 + runs * float(values["steps"]) * 0.002

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """One path after the other, each shown as soon as it is there."""
        ground = hill(str(values["ground"]), float(values["curvature"]))
        race = Race(ground, int(values["steps"]), float(values["beta"]), float(values["noise"]), desk.seed)
        yield Used("surface", "made", 1)
        paths: list[Path] = []
        for name in NAMES:
            yield Progress(len(paths), len(NAMES), name)
            own = values["rates"] == "own"
            paths.append(race.best(name, RATES) if own else race.run(name, float(values["rate"])))
            yield from _drawn(ground, paths)
        yield Progress(len(NAMES), len(NAMES))
        yield Shown(_table(paths))
        yield Shown(_verdict(paths))
        yield Shown(Code("rules", "\n\n".join(f"# {name}\n{CODE[name]}" for name in NAMES)))
        for path in paths:
            if (arrived := path.arrived()) is not None:
                yield Score(f"arrived_{path.name}", arrived, unit="count")


def _drawn(ground: Hill, paths: list[Path]) -> Iterator[Event]:
    """The surface from above with the paths, as far as they stay in the picture, and how far each is above the lowest point."""
    (left, right), (low, high) = ground.span
    xs, ys = np.linspace(left, right, 81), np.linspace(low, high, 61)
    seen = {path.name: _inside(path.points, ground) for path in paths}
    yield Shown(surface("paths", Ground(xs, ys, ground.heights(xs, ys), log=True), seen, Axes("x1", "x2")))
    curves = {path.name: (range(len(path.gaps)), [max(gap, 1e-12) for gap in path.gaps]) for path in paths}
    yield Shown(line("gaps", curves, Axes("step", "gap", log_y=True)))


def _inside(points: np.ndarray, ground: Hill) -> tuple[np.ndarray, np.ndarray]:
    """(steps + 1, 2) -> the xs and ys before the first point outside the picture."""
    low, high = np.array(ground.span).T
    out = np.flatnonzero(((points < low) | (points > high) | ~np.isfinite(points)).any(axis=1))
    kept = points[: out[0]] if len(out) else points
    return kept[:, 0], kept[:, 1]


def _table(paths: list[Path]) -> Table:
    rows = []
    for path in paths:
        arrived = path.arrived()
        end = "∞" if path.diverged() and path.gaps[-1] > 1e6 else f"{path.gaps[-1]:.3g}"
        rows.append((LABELS[path.name], f"{path.rate:.3g}", "–" if arrived is None else str(arrived), end))
    return Table("race", ("optimiser", "rate", "arrived", "gap_left"), tuple(rows))


def _verdict(paths: list[Path]) -> Said:
    """Who came first, and who did not come at all."""
    there = [path for path in paths if path.arrived() is not None]
    lost = [path.name for path in paths if path.diverged()]
    values: dict[str, str | int] = {"diverged": ", ".join(LABELS[name] for name in lost)}
    if not there:
        return Said("verdict", "verdict_none_diverged" if lost else "verdict_none", values, "bad")
    first = min(there, key=lambda path: path.arrived() or 0)
    values |= {"first": LABELS[first.name], "steps": first.arrived() or 0}
    return Said("verdict", "verdict_diverged" if lost else "verdict_first", values, "good")


LAB = Optimisers()
