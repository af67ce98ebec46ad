"""Several figures in one, and a slider that moves what a figure shows without a new run.

    panels("threshold", [matrix, roc], columns=2)                    their names, `label_<name>`, stand above them
    stepped({"0.4": figure, "0.5": other}, "threshold", "0.5")       a slider under it, `axis_<key>` says of what

Plotly's own slider and frames do the moving, in the page and in a saved file alike.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from app.labs.base import Figure

ROW_PX, BETWEEN, TITLE = 270, 0.13, 0.025  # a row's height; space between columns; room for a title, of the whole
SLIDER_PX = 120
AT_ONCE = {"mode": "immediate", "frame": {"duration": 0, "redraw": True}, "transition": {"duration": 0}}


def panels(name: str, figures: Sequence[Figure], columns: int = 2) -> Figure:
    """The figures side by side, row by row. Those with two axes only; legends and colour bars are left out."""
    rows = math.ceil(len(figures) / columns)
    data: list[dict[str, Any]] = []
    layout: dict[str, Any] = {"showlegend": False, "annotations": []}
    for at, figure in enumerate(figures):
        ends = "" if at == 0 else str(at + 1)
        across, up = _span(at % columns, columns, BETWEEN), _span(rows - 1 - at // columns, rows, BETWEEN)
        up = (up[0], up[1] - TITLE)
        data += [_trace(trace, ends) for trace in figure.data]
        shared = {key: value for key, value in figure.layout.items() if key[:5] not in ("xaxis", "yaxis", "showl")}
        layout |= shared
        layout[f"xaxis{ends}"] = _axis(figure.layout.get("xaxis", {}), across, f"y{ends}", ends)
        layout[f"yaxis{ends}"] = _axis(figure.layout.get("yaxis", {}), up, f"x{ends}", ends)
        layout["annotations"].append(_title(figure.name, across[0], up[1]))
    return Figure(name, data, layout, height=ROW_PX * rows)


def _span(at: int, many: int, between: float) -> tuple[float, float]:
    """Where the at-th of `many` lies between 0 and 1."""
    wide = (1 - between * (many - 1)) / many
    return at * (wide + between), at * (wide + between) + wide


def _trace(trace: Mapping[str, Any], ends: str) -> dict[str, Any]:
    hidden = {"showscale": False} if "colorbar" in trace else {}
    return {**trace, **hidden, "xaxis": f"x{ends}", "yaxis": f"y{ends}"}


def _axis(axis: Mapping[str, Any], span: tuple[float, float], anchor: str, ends: str) -> dict[str, Any]:
    tied = {"scaleanchor": f"{axis['scaleanchor']}{ends}"} if "scaleanchor" in axis else {}
    return {**axis, **tied, "domain": [round(end, 4) for end in span], "anchor": anchor}


def _title(key: str, x: float, y: float) -> dict[str, Any]:
    place = {"xref": "paper", "yref": "paper", "x": x, "y": y, "xanchor": "left", "yanchor": "bottom"}
    return {**place, "text": key, "showarrow": False, "font": {"size": 13}}


def stepped(figures: Mapping[str, Figure], key: str, present: str) -> Figure:
    """One of the figures, `present`, with a slider that shows the others. figures: by what stands at the slider; they differ in
    the values of their traces only, and just what differs is kept of each."""
    shown = figures[present]
    moving = [_moving([figure.data[at] for figure in figures.values()]) for at in range(len(shown.data))]
    traces = [at for at, keys in enumerate(moving) if keys]
    frames = [
        {"name": label, "traces": traces, "data": [{key: figure.data[at][key] for key in moving[at]} for at in traces]}
        for label, figure in figures.items()
    ]
    steps = [{"label": label, "method": "animate", "args": [[label], AT_ONCE]} for label in figures]
    place = {"active": list(figures).index(present), "pad": {"t": 60, "b": 4}, "len": 1.0, "x": 0}
    slider = {**place, "currentvalue": {"prefix": key}, "steps": steps}
    layout = {**shown.layout, "sliders": [slider], "margin": {"b": SLIDER_PX}}
    return Figure(shown.name, shown.data, layout, shown.height + SLIDER_PX, frames)


def _moving(traces: Sequence[Mapping[str, Any]]) -> list[str]:
    """The keys whose values are not the same in all of them."""
    return [key for key, value in traces[0].items() if any(trace[key] != value for trace in traces[1:])]
