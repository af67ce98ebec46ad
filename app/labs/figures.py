"""Figures as plain Plotly dictionaries. No plotly is imported: the page and `coursemate lab` draw them with plotly.min.js.

A figure carries keys, no words. app/labs/drawing.py puts them into Korean or English when the figure is drawn:

    the title              figure_<name>    the figure's name
    axes, colour bars      axis_<key>       Axes("step", "loss")
    curves, groups, bars   line_<key>       line("loss", {"train": …, "held": …})
    ticks, cells, captions label_<key>      confusion("matrix", counts, ("shirt", "coat"))

Each is looked up in the lab's own app/labs/text/<lab>.toml, then in app/labs/text/figures.toml, which all labs share; where neither
has it, what was given stands as it is (a learner's token, a file's column). Colours, fonts and margins come with drawing, too.

Numbers may be lists, NumPy arrays or tensors (detached); what is not finite is left out, so that a diverging loss is a curve that ends.
"""

from __future__ import annotations

import base64
import math
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.labs.base import Figure

Numbers = Any  # a sequence of numbers, of sequences of numbers, or what has tolist()
COLOURS = ("#2f6f5e", "#b45309", "#3b6ea5", "#8a4f7d", "#7a7a2e", "#b42318", "#4c8f8b", "#6e6e73", "#a8763e", "#5b5ea6")
RISING = ((0.0, "#f7f7f5"), (0.25, "#cfe3db"), (0.6, "#6fa695"), (1.0, "#1f4f42"))  # from nothing to much
APART = ((0.0, "#b45309"), (0.5, "#fbfbfa"), (1.0, "#2f6f5e"))  # negative, nothing, positive
GAP, TILES_PX, CAPTION = 0.14, 520, 0.34  # of a tile's side; a grid's width on a page; room for a caption
LOG = {"type": "log", "exponentformat": "power"}
_KEPT = 5  # significant digits


@dataclass(frozen=True, slots=True)
class Axes:
    """What stands at the axes, and how they run. equal: a unit of y is as long as one of x."""

    x: str = ""
    y: str = ""
    log_x: bool = False
    log_y: bool = False
    span_y: tuple[float, float] | None = None
    equal: bool = False


def plain(numbers: Numbers) -> Any:
    """Nested lists of plain numbers of five digits; None for what is not finite. Text and None stay."""
    numbers = numbers.tolist() if hasattr(numbers, "tolist") else numbers
    if isinstance(numbers, str | bool | int) or numbers is None:
        return numbers
    if isinstance(numbers, float):
        return float(f"{numbers:.{_KEPT}g}") if math.isfinite(numbers) else None
    return [plain(number) for number in numbers]


def line(name: str, curves: Mapping[str, Numbers], axes: Axes = Axes("step", "loss"), marks: bool = False) -> Figure:
    """A curve a name. Each is its y values, counted from 1, or a pair (xs, ys). marks: a dot at each point."""
    data = []
    for at, (key, curve) in enumerate(curves.items()):
        xs, ys = curve if isinstance(curve, tuple) else (range(1, len(curve) + 1), curve)
        mode = "lines+markers" if marks else "lines"
        style = {"color": colour(at), "width": 2.2}
        data.append({"type": "scatter", "mode": mode, "name": key, "x": plain(xs), "y": plain(ys), "line": style})
    return Figure(name, data, _layout(axes, legend=len(data) > 1))


def bars(
    name: str, labels: Sequence[Any], groups: Mapping[str, Numbers], axes: Axes = Axes(), lying: bool = False
) -> Figure:
    """A bar for each label, side by side where there are several groups. lying: bars run to the right, the first on top."""
    data = []
    for at, (key, values) in enumerate(groups.items()):
        sides = {"x": plain(values), "y": list(labels)} if lying else {"x": list(labels), "y": plain(values)}
        way = "h" if lying else "v"
        data.append({"type": "bar", "name": key, "orientation": way, "marker": {"color": colour(at)}, **sides})
    layout = _layout(axes, legend=len(data) > 1) | {"barmode": "group", "bargap": 0.3}
    layout["yaxis" if lying else "xaxis"] |= {"type": "category"}
    if lying:
        layout["yaxis"] |= {"autorange": "reversed"}
    return Figure(name, data, layout, height=max(220, 90 + 24 * len(labels) * len(data)) if lying else 340)


def histogram(name: str, groups: Mapping[str, Numbers], axes: Axes = Axes(y="count"), bins: int = 30) -> Figure:
    """How often values fall into each of about `bins` equal steps; groups lie over each other."""
    found = {key: [value for value in plain(values) if value is not None] for key, values in groups.items()}
    every = [value for values in found.values() for value in values]
    low, high = min(every, default=0.0), max(every, default=1.0)
    width = (high - low) / bins or 1.0
    edges = [low + width * at for at in range(bins + 1)]
    middles = plain([edge + width / 2 for edge in edges[:-1]])
    data: list[dict[str, Any]] = []
    for at, (key, values) in enumerate(found.items()):
        counts = [0] * bins
        for value in values:
            counts[min(int((value - low) / width), bins - 1)] += 1
        marker = {"color": colour(at), "opacity": 0.9 if len(found) == 1 else 0.6}
        data.append({"type": "bar", "name": key, "x": middles, "y": counts, "width": width, "marker": marker})
    return Figure(name, data, _layout(axes, legend=len(data) > 1) | {"barmode": "overlay", "bargap": 0})


def scatter(
    name: str,
    groups: Mapping[str, tuple[Numbers, Numbers]],
    axes: Axes = Axes(),
    labels: Mapping[str, Sequence[str]] | None = None,
) -> Figure:
    """Points (xs, ys) by group. labels: a text for each point of a group, written beside it."""
    data = []
    for at, (key, (xs, ys)) in enumerate(groups.items()):
        texts = list((labels or {}).get(key, ()))
        marker = {"color": colour(at), "size": 7, "opacity": 0.8, "line": {"width": 0.6, "color": "#fff"}}
        trace = {"type": "scatter", "name": key, "x": plain(xs), "y": plain(ys), "marker": marker}
        data.append(
            trace | {"mode": "markers+text" if texts else "markers", "text": texts, "textposition": "top center"}
        )
    return Figure(name, data, _layout(axes, legend=len(data) > 1), height=420)


@dataclass(frozen=True, slots=True)
class Cells:
    """What a heat map says beside its colours. rows, columns: their labels. shown: write the value into each cell.

    apart: colours say negative and positive around 0, instead of little and much. bar: a key of the colour bar.
    """

    rows: Sequence[Any] = ()
    columns: Sequence[Any] = ()
    shown: bool = False
    apart: bool = False
    bar: str = ""
    digits: int = 2


def heatmap(name: str, values: Numbers, cells: Cells = Cells(), axes: Axes = Axes()) -> Figure:
    """values: (rows, columns), the first row on top."""
    z = plain(values)
    columns = len(z[0]) if z else 0
    trace: dict[str, Any] = {
        "type": "heatmap",
        "z": z,
        "colorscale": [list(step) for step in RISING],
        "xgap": 1,
        "ygap": 1,
    }
    if cells.apart:
        trace |= {"colorscale": [list(step) for step in APART], "zmid": 0}
    if cells.shown:
        trace |= {"texttemplate": f"%{{z:.{cells.digits}f}}"}
    trace["colorbar"] = {"title": {"text": cells.bar}, "thickness": 10, "outlinewidth": 0}
    layout = _layout(axes)
    layout["yaxis"] |= {"autorange": "reversed", **_ticks(cells.rows)}
    layout["xaxis"] |= {"constrain": "domain", **_ticks(cells.columns)}
    if len(z) * 3 > columns > len(z) / 3:  # near a square: square cells
        layout["yaxis"] |= {"scaleanchor": "x", "constrain": "domain"}
    return Figure(name, [trace], layout, height=min(620, max(200, 130 + 30 * len(z))))


def confusion(name: str, counts: Numbers, kinds: Sequence[str]) -> Figure:
    """counts: (true kind, predicted kind). Coloured by the share of the true kind, with the counts written in."""
    rows = plain(counts)
    shares = [[count / (sum(row) or 1) for count in row] for row in rows]
    made = heatmap(name, shares, Cells(kinds, kinds, bar="share"), Axes("predicted", "true"))
    data = [{**made.data[0], "text": rows, "texttemplate": "%{text}", "zmin": 0, "zmax": 1}]
    return Figure(name, data, made.layout, height=max(340, 150 + 34 * len(kinds)))


@dataclass(frozen=True, slots=True)
class Ground:
    """A function of two variables on a grid. z: (len(ys), len(xs)). levels: contour lines. log: heights by their logarithm."""

    xs: Numbers
    ys: Numbers
    z: Numbers
    levels: int = 24
    log: bool = False

    def heights(self) -> list[list[float | None]]:
        """What is drawn."""
        z: list[list[float | None]] = plain(self.z)
        if not self.log:
            return z
        return [[None if h is None else plain(math.log10(max(h, 1e-12))) for h in row] for row in z]


def surface(
    name: str, ground: Ground, paths: Mapping[str, tuple[Numbers, Numbers]] | None = None, axes: Axes = Axes()
) -> Figure:
    """A loss seen from above, by contour lines, and the paths (xs, ys) that descend on it, from a ring to a star."""
    hills: dict[str, Any] = {
        "type": "contour",
        "x": plain(ground.xs),
        "y": plain(ground.ys),
        "z": ground.heights(),
        "ncontours": ground.levels,
        "colorscale": [list(step) for step in RISING],
        "line": {"width": 0.5, "color": "#fff"},
        "contours": {"coloring": "fill"},
        "colorbar": {"thickness": 10, "outlinewidth": 0, "title": {"text": "log_loss" if ground.log else "loss"}},
        "hoverinfo": "x+y+z",
    }
    data = [hills, *(_path(key, path, at) for at, (key, path) in enumerate((paths or {}).items()))]
    return Figure(name, data, _layout(axes, legend=len(data) > 2), height=440)


def _path(key: str, path: tuple[Numbers, Numbers], at: int) -> dict[str, Any]:
    xs, ys = plain(path[0]), plain(path[1])
    steps = len(xs)
    kinds = ["circle-open" if n == 0 else "star" if n == steps - 1 else "circle" for n in range(steps)]
    sizes = [10 if n in (0, steps - 1) else 4 for n in range(steps)]
    look = {"color": PATHS[at % len(PATHS)], "symbol": kinds, "size": sizes}
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": key,
        "x": xs,
        "y": ys,
        "line": {"color": PATHS[at % len(PATHS)], "width": 2},
        "marker": look,
    }


PATHS = ("#b45309", "#1d1d1f", "#3b6ea5", "#8a4f7d", "#b42318")  # seen on green ground


def boundary(
    name: str, ground: Ground, groups: Mapping[str, tuple[Numbers, Numbers]], axes: Axes = Axes("x1", "x2")
) -> Figure:
    """Points of two kinds on the probability of the second, ground.z from 0 to 1; the line at 0.5 is where they part."""
    kinds = list(groups.items())
    under: dict[str, Any] = {
        "type": "contour",
        "x": plain(ground.xs),
        "y": plain(ground.ys),
        "z": plain(ground.z),
        "zmin": 0,
        "zmax": 1,
        "contours": {"coloring": "fill", "start": 0, "end": 1, "size": 0.1},
        "line": {"width": 0},
        "colorscale": [[0, "#9cc4b7"], [0.5, "#fbfbfa"], [1, "#e6b98c"]],
        "showscale": False,
        "hoverinfo": "z",
    }
    edge = under | {
        "contours": {"coloring": "none", "start": 0.5, "end": 0.5, "size": 1},
        "line": {"width": 2, "color": "#1d1d1f"},
        "hoverinfo": "skip",
    }
    points = scatter(name, dict(kinds), axes)
    return Figure(name, [under, edge, *points.data], points.layout, height=420)


def images(name: str, pictures: Numbers, captions: Sequence[str] = (), columns: int = 8) -> Figure:
    """A grid of pictures of one size, row by row: (N, H, W) grey or (N, H, W, 3) colour, integers from 0 to 255 or shares
    from 0 to 1. captions: a short text under each picture."""
    tiles = [_bytes(picture) for picture in _listed(pictures)]
    columns = max(1, min(columns, len(tiles)))
    rows = math.ceil(len(tiles) / columns) or 1
    high, wide = (len(tiles[0]), len(tiles[0][0])) if tiles else (1, 1)
    gap = max(1, round(GAP * wide))
    room = max(gap, round(CAPTION * high)) if captions else gap
    blank = (255, 255, 255)
    sheet = [[blank] * (columns * (wide + gap) - gap) for _ in range(rows * (high + room) - (0 if captions else gap))]
    notes = []
    for at, tile in enumerate(tiles):
        top, left = (at // columns) * (high + room), (at % columns) * (wide + gap)
        for y, row in enumerate(tile):
            sheet[top + y][left : left + wide] = row
        if at < len(captions):
            place = {
                "x": left + (wide - 1) / 2,
                "y": top + high - 0.5,
                "yanchor": "top",
                "showarrow": False,
                "yshift": -1,
            }
            notes.append({**place, "text": str(captions[at]), "font": {"size": 11}})
    bare = {"visible": False, "constrain": "domain"}
    layout = {"xaxis": bare, "yaxis": bare | {"scaleanchor": "x"}, "annotations": notes}
    trace = {"type": "image", "source": png(sheet), "zsmooth": False, "hoverinfo": "skip"}
    shape = len(sheet) / max(1, len(sheet[0]))
    return Figure(name, [trace], layout, height=round(min(760, max(120, TILES_PX * shape + 60))))


def png(rows: Sequence[Sequence[tuple[int, int, int]]]) -> str:
    """A picture as a data address. rows: colours from 0 to 255, top to bottom."""
    raw = b"".join(b"\0" + bytes(value for pixel in row for value in pixel) for row in rows)
    size = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 2, 0, 0, 0)
    parts = _chunk(b"IHDR", size) + _chunk(b"IDAT", zlib.compress(raw, 9)) + _chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + parts).decode()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _listed(pictures: Numbers) -> list[Any]:
    listed: list[Any] = pictures.tolist() if hasattr(pictures, "tolist") else [_nested(one) for one in pictures]
    return listed


def _nested(picture: Any) -> Any:
    return picture.tolist() if hasattr(picture, "tolist") else picture


def _bytes(picture: Sequence[Sequence[Any]]) -> list[list[tuple[int, int, int]]]:
    """(H, W) or (H, W, 3) -> rows of colours. Shares from 0 to 1 are floats."""

    def level(value: float) -> int:
        scaled = value * 255 if isinstance(value, float) else value
        return min(255, max(0, round(scaled))) if math.isfinite(scaled) else 0

    def colours(pixel: Any) -> tuple[int, int, int]:
        if isinstance(pixel, Sequence):
            red, green, blue = pixel
            return level(red), level(green), level(blue)
        return (level(pixel),) * 3

    return [[colours(pixel) for pixel in row] for row in picture]


def colour(at: int) -> str:
    """The colour of a curve or group, by its place."""
    return COLOURS[at % len(COLOURS)]


def _layout(axes: Axes, legend: bool = False) -> dict[str, Any]:
    x: dict[str, Any] = {"title": {"text": axes.x}}
    y: dict[str, Any] = {"title": {"text": axes.y}}
    if axes.log_x:
        x |= LOG
    if axes.log_y:
        y |= LOG
    if axes.span_y:
        y["range"] = list(axes.span_y)
    if axes.equal:
        y |= {"scaleanchor": "x", "constrain": "domain"}
    return {"xaxis": x, "yaxis": y, "showlegend": legend}


def _ticks(labels: Sequence[Any]) -> dict[str, Any]:
    if not len(labels):
        return {}
    return {"tickmode": "array", "tickvals": list(range(len(labels))), "ticktext": [str(label) for label in labels]}
