"""Shapes and broadcasting: two shapes as text, aligned axis by axis as NumPy aligns them, with the values where they are few."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from app.labs.base import Choice, Code, Desk, Event, Figure, Said, Shown, Table, Try, Value, Words
from app.labs.figures import Cells, heatmap
from models.errors import InputError

Shape = tuple[int, ...]
MOST_AXES = 32  # what a reader can follow; NumPy 2 stops at 64
SHOWN = 12  # rows and columns that are drawn
_LONGEST = 2**63 - 1
_SIGN = {"add": "+", "multiply": "*", "matmul": "@"}


@dataclass(frozen=True, slots=True)
class Axis:
    """One row of the alignment. left, right: the lengths as they stand, None for none; result: None where they clash or it is gone.

    why: a label of the words.
    """

    left: int | None
    right: int | None
    result: int | None
    why: str

    @property
    def clashes(self) -> bool:
        return self.why in {"clash", "inner_clash"}


def read_shape(said: str) -> Shape:
    """ "(3, 4)", "3,4", "[3 4]", "3×4", "5" and "()" are shapes. Raises InputError."""
    inner = said.strip().strip("()[]").strip()
    parts = [part for part in re.split(r"[,\s×x*]+", inner) if part]
    if any(not re.fullmatch(r"[0-9]{1,19}", part) for part in parts) or any(int(p) > _LONGEST for p in parts):
        shown = said.strip()[:40]
        detail = (
            f"{shown!r} cannot be read as a shape: write whole numbers from 0 on with commas between them, as in (3, 4)"
        )
        raise InputError(detail=detail, text_key="no_shape", value=shown)
    if len(parts) > MOST_AXES:
        detail = f"an array has at most {MOST_AXES} axes here; {len(parts)} were given"
        raise InputError(detail=detail, text_key="too_many", most=MOST_AXES, count=len(parts))
    return tuple(map(int, parts))


def broadcast(left: Shape, right: Shape) -> list[Axis]:
    """The axes from the last to the first: NumPy's rule, https://numpy.org/doc/stable/user/basics.broadcasting.html."""
    aligned = []
    for at in range(1, max(len(left), len(right)) + 1):
        a = left[-at] if at <= len(left) else None
        b = right[-at] if at <= len(right) else None
        aligned.append(_aligned(a, b))
    return aligned


def _aligned(a: int | None, b: int | None) -> Axis:
    if a is None:
        return Axis(a, b, b, "left_added")
    if b is None:
        return Axis(a, b, a, "right_added")
    if a == b:
        return Axis(a, b, a, "equal")
    if a == 1:
        return Axis(a, b, b, "left_stretches")
    return Axis(a, b, a, "right_stretches") if b == 1 else Axis(a, b, None, "clash")


def multiply(left: Shape, right: Shape) -> list[Axis]:
    """The axes of left @ right: its columns, its rows, the inner length that is gone, and the broadcast ones before them.

    A vector on the left counts as a row, one on the right as a column; that axis is not in the result.
    """
    inner_right = right[-2] if len(right) > 1 else right[0]
    fits = left[-1] == inner_right
    columns = Axis(None, right[-1], right[-1], "columns") if len(right) > 1 else Axis(None, None, None, "column_added")
    rows = Axis(left[-2], None, left[-2], "rows") if len(left) > 1 else Axis(None, None, None, "row_added")
    inner = Axis(left[-1], inner_right, None, "inner" if fits else "inner_clash")
    return [columns, inner, rows, *broadcast(left[:-2], right[:-2])]


def shape_of(axes: list[Axis]) -> Shape:
    """The result's shape, where nothing clashes."""
    return tuple(axis.result for axis in reversed(axes) if axis.result is not None)


class Arrays:
    """See the module."""

    name, order = "arrays", 10
    notes = ("02-numpy-pandas.md",)
    network: tuple[str, ...] = ()
    controls = (
        Words("left", "(3, 1)", longest=500),
        Words("right", "(4,)", longest=500),
        Choice("operation", ("add", "multiply", "matmul"), "add"),
    )
    tries = (
        Try(1, {"left": "(3, 1)", "right": "(4,)", "operation": "add"}),
        Try(3, {"left": "(3, 4)", "right": "(3,)", "operation": "add"}),
        Try(2, {"left": "(2, 5, 3)", "right": "(3, 4)", "operation": "matmul"}),
    )
    small: ClassVar[dict[str, Value]] = {"left": "(2, 1)", "right": "3"}

    def seconds(self, **values: Value) -> float:
        """Nothing is trained."""
        return 1.0

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """The alignment, what it means, and the values where they can be drawn."""
        left, right = read_shape(str(values["left"])), read_shape(str(values["right"]))
        operation = str(values["operation"])
        if operation == "matmul" and not (left and right):
            yield Shown(Said("verdict", "no_scalar", tone="bad"))
            return
        axes = multiply(left, right) if operation == "matmul" else broadcast(left, right)
        yield Shown(_table(axes))
        yield Shown(_code(left, right, operation))
        clash = next((n for n, axis in enumerate(axes, 1) if axis.clashes), None)
        if clash:
            yield from _clash(axes[clash - 1], -clash, left, right)
            return
        yield from _fits(shape_of(axes))
        if _drawable(left, right, shape_of(axes)):
            yield from _values(left, right, operation)


def _table(axes: list[Axis]) -> Table:
    def cell(length: int | None) -> str:
        return "–" if length is None else str(length)

    rows = tuple(
        (f"{-at}", cell(axis.left), cell(axis.right), cell(axis.result), axis.why) for at, axis in enumerate(axes, 1)
    )
    return Table("align", ("axis", "left", "right", "result", "rule"), rows)


def _code(left: Shape, right: Shape, operation: str) -> Code:
    lines = (
        "import numpy as np",
        "",
        f"a = np.arange({math.prod(left)}).reshape({left})",
        f"b = 10 * np.arange({math.prod(right)}).reshape({right})",
        f"print((a {_SIGN[operation]} b).shape)",
    )
    return Code("code", "\n".join(lines))


def _clash(axis: Axis, at: int, left: Shape, right: Shape) -> Iterator[Event]:
    """Which axis it is, and a shape of the right array that would fit, if an axis of length 1 at its end is enough."""
    lengths = {"left": axis.left or 0, "right": axis.right or 0}
    if axis.why == "inner_clash":
        yield Shown(Said("verdict", "inner_clash", lengths, "bad"))
        return
    yield Shown(Said("verdict", "clash", {"axis": at, **lengths}, "bad"))
    widened = (*right, 1)
    if not any(one.clashes for one in broadcast(left, widened)):
        yield Shown(Said("remedy", "remedy", {"shape": str(widened)}))


def _fits(shape: Shape) -> Iterator[Event]:
    count = math.prod(shape)
    yield Shown(Said("verdict", "fits", {"shape": str(shape), "count": f"{count:,}"}, "good"))
    if not count:
        yield Shown(Said("memory", "empty"))
    else:
        yield Shown(Said("memory", "memory", {"mb": f"{count * 8 / 1e6:,.3g}"}))


def _drawable(*shapes: Shape) -> bool:
    """True where each is a table of a few rows and columns with something in it."""
    return all(len(shape) <= 2 and all(0 < length <= SHOWN for length in shape) for shape in shapes)


def _values(left: Shape, right: Shape, operation: str) -> Iterator[Event]:
    """Both arrays and the result with their numbers."""
    a, b = (np.arange(math.prod(shape)).reshape(shape) for shape in (left, right))
    b = 10 * b
    results = {"add": np.add, "multiply": np.multiply, "matmul": np.matmul}
    for name, array in (("left", a), ("right", b), ("result", results[operation](a, b))):
        yield Shown(_drawn(name, np.asarray(array)))


def _drawn(name: str, array: np.ndarray) -> Figure:
    table = np.atleast_2d(array).astype(float)  # () or (N,) -> (1, N)
    return heatmap(name, table, Cells(range(table.shape[0]), range(table.shape[1]), shown=True, digits=0))


LAB = Arrays()
