"""Tables that a PDF page draws with ruled lines: the grid is found from the lines, merged cells included.

The lines' crossings are the corners; a cell is the smallest rectangle whose corners are crossings and whose sides are
drawn (the approach of Nurminen, "Algorithmic Extraction of Data in Tables in PDF Documents", 2013). Coordinates are PDF
points, y upwards.
"""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

SNAP = 3.0  # points within which two lines are one, or meet
THIN = 2.5  # a filled rectangle no thicker than this is a line
LINES = 400  # a page with more is a drawing
OBJECTS = 4_000


@dataclass(frozen=True, slots=True)
class Line:
    """An axis-parallel line: at `at` on its own axis, from `start` to `end` on the other."""

    at: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Box:
    """A cell's rectangle."""

    left: float
    bottom: float
    right: float
    top: float

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies inside."""
        return self.left <= x <= self.right and self.bottom <= y <= self.top


def find_tables(page: Any) -> list[list[Box]]:
    """Cells of each ruled table of a pypdfium2 page, from its top; tables of one row or one column are left out."""
    lines = list(itertools.islice(_drawn_lines(page), LINES * 20))
    horizontal = _merge(line for is_horizontal, line in lines if is_horizontal)
    vertical = _merge(line for is_horizontal, line in lines if not is_horizontal)
    if len(horizontal) < 3 or len(vertical) < 3 or len(horizontal) + len(vertical) > LINES:
        return []
    tables = _group(_cells(horizontal, vertical))
    kept = [
        table for table in tables if len({cell.top for cell in table}) > 1 and len({cell.left for cell in table}) > 1
    ]
    return sorted(kept, key=lambda table: -max(cell.top for cell in table))


def _drawn_lines(page: Any) -> Iterator[tuple[bool, Line]]:
    import pypdfium2.raw as raw

    objects = page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=1)
    for path in itertools.islice(objects, OBJECTS):
        left, bottom, right, top = path.get_bounds()
        if top - bottom <= THIN < right - left:
            yield True, Line((top + bottom) / 2, left, right)
        elif right - left <= THIN < top - bottom:
            yield False, Line((left + right) / 2, bottom, top)
        elif right - left > THIN:
            yield from _segments(path)


def _segments(path: Any) -> Iterator[tuple[bool, Line]]:
    """Axis-parallel straight pieces of a path, in page coordinates."""
    import pypdfium2.raw as raw

    matrix, x, y = path.get_matrix(), ctypes.c_float(), ctypes.c_float()
    points: list[tuple[float, float]] = []
    for index in range(min(raw.FPDFPath_CountSegments(path), OBJECTS)):
        segment = raw.FPDFPath_GetPathSegment(path, index)
        kind = raw.FPDFPathSegment_GetType(segment)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        point = matrix.on_point(x.value, y.value)
        points = [*points, point] if kind == raw.FPDF_SEGMENT_LINETO else [point]
        yield from _straight(points[-2:])
        if raw.FPDFPathSegment_GetClose(segment):
            yield from _straight([points[-1], points[0]])


def _straight(points: Sequence[tuple[float, float]]) -> Iterator[tuple[bool, Line]]:
    if len(points) < 2:
        return
    (x0, y0), (x1, y1) = points
    if abs(y0 - y1) < 1 < abs(x0 - x1):
        yield True, Line(y0, min(x0, x1), max(x0, x1))
    elif abs(x0 - x1) < 1 < abs(y0 - y1):
        yield False, Line(x0, min(y0, y1), max(y0, y1))


def _merge(lines: Iterable[Line]) -> list[Line]:
    """Lines snapped to common positions; pieces that touch become one."""
    snapped, position = [], None
    for line in sorted(lines, key=lambda line: line.at):
        if position is None or line.at - position > SNAP:
            position = line.at
        snapped.append(Line(position, line.start, line.end))
    merged: list[Line] = []
    for line in sorted(snapped, key=lambda line: (line.at, line.start)):
        last = merged[-1] if merged else None
        if last and last.at == line.at and line.start <= last.end + SNAP:
            merged[-1] = Line(last.at, last.start, max(last.end, line.end))
        else:
            merged.append(line)
    return [line for line in merged if line.end - line.start > SNAP]


def _cells(horizontal: Sequence[Line], vertical: Sequence[Line]) -> list[Box]:
    crossings: dict[
        tuple[float, float], tuple[set[int], set[int]]
    ] = {}  # (x, y) -> indices of the lines that meet there
    for (i, h), (j, v) in itertools.product(enumerate(horizontal), enumerate(vertical)):
        if h.start - SNAP <= v.at <= h.end + SNAP and v.start - SNAP <= h.at <= v.end + SNAP:
            across, down = crossings.setdefault((v.at, h.at), (set(), set()))
            across.add(i)
            down.add(j)
    xs = sorted({x for x, _ in crossings})
    ys = sorted({y for _, y in crossings}, reverse=True)
    cells = (_cell_below(crossings, x, y, xs, ys) for x, y in crossings)
    return [cell for cell in cells if cell]


def _cell_below(
    crossings: dict[tuple[float, float], tuple[set[int], set[int]]],
    x: float,
    y: float,
    xs: list[float],
    ys: list[float],
) -> Box | None:
    """The smallest cell whose top left corner is the crossing (x, y)."""
    across, down = crossings[x, y]
    rights = [r for r in xs if r > x and (r, y) in crossings and crossings[r, y][0] & across]
    for bottom in (b for b in ys if b < y and (x, b) in crossings and crossings[x, b][1] & down):
        for right in rights:
            corner = crossings.get((right, bottom))
            if corner and corner[0] & crossings[x, bottom][0] and corner[1] & crossings[right, y][1]:
                return Box(x, bottom, right, y)
    return None


def _group(cells: Sequence[Box]) -> list[list[Box]]:
    """Cells that share a corner belong to one table."""
    owner: dict[tuple[float, float], list[Box]] = {}
    for cell in cells:
        corners = list(itertools.product((cell.left, cell.right), (cell.bottom, cell.top)))
        group = [cell]
        for other in {id(owner[corner]): owner[corner] for corner in corners if corner in owner}.values():
            group += other
        for member in group:
            for corner in itertools.product((member.left, member.right), (member.bottom, member.top)):
                owner[corner] = group
    return list({id(group): group for group in owner.values()}.values())
