"""Figures of the lab on transfer: accuracy against images, with the seeds' spread; what was forgotten; which weights moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from app.labs.base import Figure, Table
from app.labs.figures import Axes, bars, images, line
from app.labs.parts.transfer_data import Material
from app.labs.parts.transfer_study import Trials
from app.lessons.images import WAYS

Points = Sequence[tuple[int, float, float, float]]


def kinds(task: Material, old: Material) -> Figure:
    """A held picture of each old kind, then of each new one, as the networks see them."""
    tiles, captions = [], []
    for material, seen, names in ((old, True, old.old), (task, False, task.new)):
        pictures, of = material.pictures.held(seen=seen)
        for kind, name in enumerate(names):
            if (of == kind).any():
                tiles.append(pictures[np.flatnonzero(of == kind)[0]].astype(np.float64))
                captions.append(name)
    return images("kinds", np.stack(tiles), captions, columns=5)


def spread(name: str, curves: Mapping[str, Points], level: float | None = None) -> Figure:
    """A line a way over the images of a kind, through the means of the seeds, with bars from the least to the greatest.

    level: an accuracy to compare with, as a line of its own.
    """
    shown = {way: points for way, points in curves.items() if points}
    lines = {way: ([p[0] for p in points], [p[1] for p in points]) for way, points in shown.items()}
    made = line(name, lines, Axes("each", "accuracy", log_x=True, span_y=(0, 1.02)), marks=True)
    data = []
    for trace, points in zip(made.data, shown.values(), strict=True):
        above, below = ([round(p[3] - p[1], 4) for p in points], [round(p[1] - p[2], 4) for p in points])
        bar = {"type": "data", "symmetric": False, "array": above, "arrayminus": below, "thickness": 1.4, "width": 5}
        data.append({**trace, "error_y": bar})
    amounts = sorted({p[0] for points in shown.values() for p in points})
    if level is not None and amounts:
        dashed = {"color": "#6e6e73", "dash": "dash", "width": 1.6}
        ends = {"x": [amounts[0], amounts[-1]], "y": [round(level, 4)] * 2}
        data.append({"type": "scatter", "mode": "lines", "name": "before", "line": dashed, **ends})
    ticks = {"tickmode": "array", "tickvals": amounts, "ticktext": [f"{n:,}" for n in amounts]}
    layout = {**made.layout, "xaxis": {**made.layout["xaxis"], **ticks}, "showlegend": True}
    return Figure(name, data, layout, height=380)


def forgotten(names: Sequence[str], first: Sequence[float], found: Trials, each: int) -> Figure:
    """Old kinds one by one: right before, and after each way with the old last layer put back."""
    groups = {"before": first} | {way: found.kept_by(way, each) for way in ("partial", "full")}
    return bars("forgotten", names, groups, Axes("", "accuracy", span_y=(0, 1)))


def moved(found: Trials, each: int) -> Figure:
    """How far the weights of each part went, from the lowest to the highest."""
    by_way = {way: found.moved(way, each) for way in ("partial", "full")}
    parts = list(by_way["full"])
    return bars("moved", parts, {way: [far[part] for part in parts] for way, far in by_way.items()}, Axes("", "moved"))


def rates(by_part: Mapping[str, float]) -> Figure:
    """The learning rate of each part."""
    return bars("rates", list(by_part), {"full": list(by_part.values())}, Axes("", "rate"))


def ways(found: Trials, each: int, knows: bool) -> Table:
    """A row a way, with the most images."""
    rows = []
    for way in WAYS:
        tried = found.trials[way, each]
        _, mean, least, greatest = next(point for point in found.curve(way) if point[0] == each)
        kept = next((f"{100 * point[1]:.1f}%" for point in found.kept(way) if point[0] == each), "–") if knows else "–"
        took = sum(one.seconds for one in tried) / len(tried)
        span = f"{100 * least:.1f} – {100 * greatest:.1f}%"
        rows.append((way, tried[0].trained, f"{100 * mean:.1f}%", span, kept, round(took, 2)))
    return Table(
        "ways", ("way", "learned", "accuracy_new", "least_greatest", "accuracy_old", "seconds_each"), tuple(rows)
    )
