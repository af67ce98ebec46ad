"""Curves and bars without a chart library: SVG that is stretched, and words in HTML that are not.

Lines keep their width at every size (non-scaling strokes), labels keep theirs, and a screen reader gets the last values.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from app.ui.markup import attribute, inline

HUES = 7  # classes cm-hue-0 … of finetune.css
TICKS = 4
POINTS = 240  # shown of a line; more cannot be told apart


@dataclass(frozen=True, slots=True)
class Line:
    """points: (x, y) by x. hue: of the colours; dashed: for what is only compared with."""

    label: str
    points: Sequence[tuple[float, float]]
    hue: int = 0
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Plot:
    """x, y: what the axes say. unit: how y's numbers are written. low, high: of y where they are known; level: a line across."""

    title: str
    lines: Sequence[Line]
    x: str = ""
    unit: Literal["plain", "power"] = "plain"
    low: float | None = None
    high: float | None = None
    last_x: float | None = None
    note: str = ""
    marks: Sequence[float] = field(default_factory=tuple)


def plot(wanted: Plot) -> str:
    """A figure with its title, legend and axes; "" where no line has a point."""
    lines = [Line(line.label, _finite(line.points), line.hue, line.dashed) for line in wanted.lines]
    lines = [line for line in lines if line.points]
    if not lines:
        return ""
    left, right = _span([x for line in lines for x, _ in line.points], None, wanted.last_x)
    low, high = _span([y for line in lines for _, y in line.points], wanted.low, wanted.high)
    ticks = [tick for tick in nice(low, high) if low <= tick <= high]
    rule = "".join(
        f'<line x1="0" x2="100" y1="{_y(t, low, high)}" y2="{_y(t, low, high)}" class="cm-rule"/>' for t in ticks
    )
    marks = "".join(
        f'<line x1="{_x(m, left, right)}" x2="{_x(m, left, right)}" y1="0" y2="100" class="cm-mark-line"/>'
        for m in wanted.marks
    )
    paths = "".join(_path(line, (left, right), (low, high)) for line in lines)
    scale = "".join(f'<span style="top:{_y(t, low, high)}%">{number(t, wanted.unit)}</span>' for t in ticks)
    told = "; ".join(f"{line.label} {number(line.points[-1][1], wanted.unit)}" for line in lines)
    return (
        f'<figure class="cm-plot"><figcaption><b>{inline(wanted.title)}</b>{_legend(lines, wanted.unit)}</figcaption>'
        f'<div class="cm-plot-body"><div class="cm-plot-y" aria-hidden="true">{scale}</div>'
        f'<svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label="{attribute(wanted.title + ": " + told)}">'
        f"{rule}{marks}{paths}</svg></div>"
        f'<div class="cm-plot-x" aria-hidden="true"><span>{number(left)}</span><span>{inline(wanted.x)}</span><span>{number(right)}</span></div>'
        f"{f'<p class=cm-hint>{inline(wanted.note)}</p>' if wanted.note else ''}</figure>"
    )


def _finite(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    kept = [(x, y) for x, y in points if y is not None and math.isfinite(y)]
    stride = max(1, math.ceil(len(kept) / POINTS))
    return [*kept[:-1:stride], kept[-1]] if kept else []


def _span(values: Sequence[float], low: float | None, high: float | None) -> tuple[float, float]:
    first = min(values) if low is None else low
    last = max(values) if high is None else max(high, max(values))
    if first == last:
        return first - (abs(first) or 1) * 0.1, last + (abs(last) or 1) * 0.1
    return first, last


def _x(value: float, low: float, high: float) -> str:
    return f"{100 * (value - low) / (high - low):.2f}"


def _y(value: float, low: float, high: float) -> str:
    return f"{96 - 92 * (value - low) / (high - low):.2f}"


def _path(line: Line, wide: tuple[float, float], tall: tuple[float, float]) -> str:
    kind = f"cm-line-{line.hue % HUES}{' cm-dashed' if line.dashed else ''}"
    points = [(_x(x, *wide), _y(y, *tall)) for x, y in line.points]
    drawn = "M" + " L".join(f"{x} {y}" for x, y in points)
    dots = "".join(f"M{x} {y}h0" for x, y in points) if len(points) <= 12 else f"M{points[-1][0]} {points[-1][1]}h0"
    return f'<path d="{drawn}" class="{kind}"/><path d="{dots}" class="{kind} cm-dot"/>'


def _legend(lines: Sequence[Line], unit: Literal["plain", "power"]) -> str:
    keys = "".join(
        f'<span class="cm-key"><i class="cm-hue-{line.hue % HUES}"></i>{inline(line.label)} '
        f"<b>{number(line.points[-1][1], unit)}</b></span>"
        for line in lines
    )
    return f'<span class="cm-legend">{keys}</span>'


def nice(low: float, high: float) -> list[float]:
    """Round numbers from a little below `low` to a little above `high`, about TICKS of them."""
    step = 10.0 ** math.floor(math.log10((high - low) / TICKS))
    step *= next(factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= TICKS + 0.5)
    first = math.floor(low / step)
    return [round((first + n) * step, 12) for n in range(TICKS + 4)]


def number(value: float, unit: Literal["plain", "power"] = "plain") -> str:
    """Short, for an axis or a legend: 1.83, 12, 2.0e-4, 4.4M."""
    if unit == "power" and value:
        return f"{value:.1e}".replace("e-0", "e-").replace("e+0", "e")
    size = abs(value)
    for least, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if size >= least:
            return f"{value / {'G': 1e9, 'M': 1e6, 'k': 1e3}[letter]:.3g}{letter}"
    if size and size < 0.001:
        return f"{value:.0e}".replace("e-0", "e-")
    return f"{value:.0f}" if size >= 100 or value == int(value) else f"{value:.1f}" if size >= 10 else f"{value:.3g}"


@dataclass(frozen=True, slots=True)
class Bar:
    """A row: value None is shown as a dash. low, high: its interval."""

    label: str
    value: float | None
    shown: str
    hue: int = 0
    low: float | None = None
    high: float | None = None
    base: bool = False
    outside: bool = False


def bars(title: str, hint: str, rows: Sequence[Bar], log: bool = False) -> str:
    """One metric over all rows, each with its bar and number. log: lengths grow with the logarithm, for counts far apart."""
    values = [bar.value for bar in rows if bar.value is not None]
    if not values:
        return ""
    most = max([*values, *(bar.high for bar in rows if bar.high is not None)])
    least = min(0.0, *values)
    lines = "".join(_bar(bar, least, most, log) for bar in rows)
    return (
        f'<section class="cm-bars"><h5>{inline(title)}{f" <span>{inline(hint)}</span>" if hint else ""}</h5>'
        f"<dl>{lines}</dl></section>"
    )


def _bar(bar: Bar, least: float, most: float, log: bool) -> str:
    kind = f"cm-hue-{bar.hue % HUES}{' cm-pale' if bar.base else ''}"
    marks = ""
    if bar.value is not None:
        marks = f'<u class="{kind}" style="width:{_share(bar.value, least, most, log):.1f}%"></u>'
    if bar.low is not None and bar.high is not None and bar.high > bar.low:
        start, end = _share(bar.low, least, most, log), _share(bar.high, least, most, log)
        marks += f'<s style="left:{start:.1f}%;width:{end - start:.1f}%"></s>'
    flag = ' class="cm-outside"' if bar.outside else ""
    return (
        f'<div{flag}><dt>{inline(bar.label)}</dt><dd><span class="cm-hbar">{marks}</span><b>{bar.shown}</b></dd></div>'
    )


def _share(value: float, least: float, most: float, log: bool) -> float:
    if most <= least:
        return 0.0
    if log:
        return 100 * math.log1p(max(0.0, value)) / math.log1p(most)
    return 100 * max(0.0, value - least) / (most - least)
