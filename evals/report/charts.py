"""Charts as inline SVG in percentages of their width: they follow the page without a script and never distort.

Colours are classes of report.css (`s0`, `s1`, … for the systems), so that light, dark and paper have their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evals.report.markup import Markup, element, empty, escape

SERIES = 6  # colours of report.css; further systems start over


@dataclass(frozen=True, slots=True)
class Axis:
    """What a track stands for, from its left to its right end."""

    low: float
    high: float

    def at(self, value: float) -> str:
        """Where a value stands, in percent of the width, a little inside the ends."""
        span = (self.high - self.low) or 1.0
        share = min(1.0, max(0.0, (value - self.low) / span))
        return f"{2 + 96 * share:.2f}%"


def dot(axis: Axis, value: float | None, low: float | None, high: float | None, series: int, label: str) -> Markup:
    """A value with its interval. label: what it says, for those who cannot see it."""
    parts: list[Markup] = [empty("line", x1="2%", x2="98%", y1=11, y2=11, class_="track")]
    if low is not None and high is not None:
        parts.append(empty("line", x1=axis.at(low), x2=axis.at(high), y1=11, y2=11, class_=f"whisker {hue(series)}"))
    if value is not None:
        parts.append(empty("circle", cx=axis.at(value), cy=11, r=5, class_=f"dot {hue(series)}"))
    return _svg(parts, 22, label)


def gap(axis: Axis, value: float, low: float | None, high: float | None, kind: str, label: str) -> Markup:
    """A difference against the line of no difference. kind: better, worse or none."""
    parts = [
        empty("line", x1="2%", x2="98%", y1=11, y2=11, class_="track"),
        empty("line", x1=axis.at(0), x2=axis.at(0), y1=1, y2=21, class_="zero"),
    ]
    if low is not None and high is not None:
        parts.append(empty("line", x1=axis.at(low), x2=axis.at(high), y1=11, y2=11, class_=f"whisker {kind}"))
    parts.append(empty("circle", cx=axis.at(value), cy=11, r=5, class_=f"dot {kind}"))
    return _svg(parts, 22, label)


def stack(parts: Sequence[tuple[float, str]], label: str) -> Markup:
    """A bar cut into shares, each with its class; shares add up to at most 1."""
    shapes, left = [], 0.0
    for share, name in parts:
        if share > 0:
            shapes.append(
                empty("rect", x=f"{100 * left:.2f}%", y=0, width=f"{100 * share:.2f}%", height=18, class_=name)
            )
            left += share
    return _svg(shapes, 18, label, "bar")


def hue(series: int) -> str:
    """The class of a system's colour."""
    return f"s{series % SERIES}"


def _svg(parts: Sequence[Markup], height: int, label: str, name: str = "chart") -> Markup:
    title = Markup(f"<title>{escape(label)}</title>")
    return element("svg", title, parts, width="100%", height=height, role="img", class_=name)
