"""Convolution and pooling by hand: a kernel of the learner's choice on a grid of 8 x 8, every number to be seen, one cell written out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from app.labs.base import (
    Choice,
    Code,
    Desk,
    Drawing,
    Event,
    Figure,
    File,
    Range,
    Said,
    Score,
    Shown,
    Table,
    Try,
    Used,
    Value,
    Words,
)
from app.labs.figures import Cells, heatmap, images
from app.labs.parts.cnn_hand import (
    GRIDS,
    KERNELS,
    Cell,
    Numbers,
    bracketed,
    cell_of,
    drawn,
    number,
    parsed,
    photo,
    scene,
    shaded,
)
from app.lessons.base import need_torch
from models.errors import InputError

OWN, DRAWN = "own", "drawing"
PHOTOS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif")
MARK = "#b45309"  # of the window and the cell it gives
CODE = """\
def convolve(images, weight, bias=None, stride=1, padding=0):
    seen = windows(images, weight.shape[2:], stride, padding)             # (B, C, H', W', K, L)
    rows = seen.permute(0, 2, 3, 1, 4, 5).reshape(-1, weight[0].numel())  # (B * H' * W', C * K * L)
    sums = rows @ weight.flatten(1).T                                     # (B * H' * W', O)
    ...

# the same: torch.nn.functional.conv2d(images, weight, stride={stride}, padding={padding})
# greatest difference here: {difference:.1g}
"""


@dataclass(frozen=True, slots=True)
class Work:
    """A grid, a kernel, and how it is moved. result: before the activation."""

    grid: Numbers
    kernel: Numbers
    stride: int
    padding: int
    result: Numbers

    @property
    def padded(self) -> Numbers:
        """The grid with its zeros around."""
        return np.pad(self.grid, self.padding)


class ConvolutionLab:
    """See the module."""

    name, order = "convolution", 39
    notes = ("07-cnn.md",)
    network = ("models.nn.convolution",)
    controls = (
        Choice("grid", (*GRIDS, DRAWN), "square"),
        Drawing("drawing"),
        Choice("kernel", (*KERNELS, OWN), "sobel_x"),
        Words("own", "1 0 -1 / 2 0 -2 / 1 0 -1", longest=400),
        Range("stride", 1, 3, 1),
        Range("padding", 0, 3, 0),
        Range("row", 1, 14, 2),
        Range("column", 1, 14, 1),
        Choice("activation", ("none", "relu"), "none"),
        Choice("pooling", ("none", "max", "average"), "max"),
        Range("pool_size", 2, 3, 2),
        File("photo", PHOTOS),
    )
    tries = (
        Try(1, {"grid": "rows", "kernel": "sobel_x"}),
        Try(2, {"padding": 1, "stride": 2}),
        Try(3, {"grid": "square", "kernel": "sobel_x", "padding": 1, "activation": "relu", "pooling": "none"}),
    )
    small: ClassVar[dict[str, Value]] = {"grid": "square"}

    def seconds(self, **_: Value) -> float:
        return 5.0

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """The grid, the kernel, one cell with its numbers, the whole output, activation, pooling; then the kernel on a picture."""
        need_torch()
        work = prepared(values)
        place = tuple(
            min(int(values[name]), most) - 1 for name, most in zip(("row", "column"), work.result.shape, strict=True)
        )
        cell = cell_of(work.padded, work.kernel, (place[0], place[1]), work.stride)
        yield from _shown(work, cell, (place[0], place[1]))
        yield from _sizes(work)
        yield from _after(work.result, values)
        yield from _picture(work, values)
        yield Shown(_code(work))


def prepared(values: Mapping[str, Value]) -> Work:
    """Raises InputError for a kernel that is none. None is larger than the grid."""
    kernel = parsed(str(values["own"])) if values["kernel"] == OWN else KERNELS[str(values["kernel"])]
    grid = drawn(str(values["drawing"])) if values["grid"] == DRAWN else GRIDS[str(values["grid"])]()
    stride, padding = int(values["stride"]), int(values["padding"])
    return Work(grid, kernel, stride, padding, convolved(grid, kernel, stride, padding))


def convolved(grid: Numbers, kernel: Numbers, stride: int = 1, padding: int = 0) -> Numbers:
    """(H, W), (K, L) -> (H', W')."""
    import torch

    from models.nn.convolution import convolve

    image, weight = (torch.from_numpy(part)[None, None] for part in (grid, kernel))  # (H, W) -> (1, 1, H, W)
    return np.asarray(convolve(image, weight, None, stride, padding)[0, 0].numpy())


def _shown(work: Work, cell: Cell, place: tuple[int, int]) -> Iterator[Event]:
    """The padded grid with the window framed, the kernel, the output with its cell framed, and how the one comes from the other."""
    high, wide = work.kernel.shape
    yield Shown(_framed(_grid("grid", work.padded), cell.top, cell.left, (high, wide)))
    yield Shown(_grid("kernel", work.kernel))
    said: dict[str, str | float | int] = {"row": place[0] + 1, "column": place[1] + 1, "sum": cell.written(work.kernel)}
    yield Shown(Said("cell", "cell", said))
    rows = tuple(
        tuple(
            f"{number(cell.window[r, c])} × {bracketed(work.kernel[r, c])} = {number(cell.products[r, c])}"
            for c in range(wide)
        )
        for r in range(high)
    )
    yield Shown(Table("products", tuple(str(c + 1) for c in range(wide)), rows))
    yield Shown(_framed(_grid("output", work.result), *place, (1, 1)))


def _grid(name: str, values: Numbers) -> Figure:
    """Numbers in cells, rows and columns counted from 1."""
    values = values + 0.0  # no -0
    whole = bool((values == np.round(values)).all())
    rows, columns = (range(1, length + 1) for length in values.shape)
    apart = bool((values < 0).any())
    return heatmap(name, values, Cells(list(rows), list(columns), shown=True, apart=apart, digits=0 if whole else 2))


def _framed(figure: Figure, top: int, left: int, size: tuple[int, int]) -> Figure:
    """With a frame around `size` cells from (top, left) on."""
    ends = {"x0": left - 0.5, "x1": left + size[1] - 0.5, "y0": top - 0.5, "y1": top + size[0] - 0.5}
    frame = {"type": "rect", **ends, "line": {"color": MARK, "width": 3}}
    return Figure(figure.name, figure.data, {**figure.layout, "shapes": [frame]}, figure.height)


def _sizes(work: Work) -> Iterator[Event]:
    """The formula of the output's size, and what the same step would cost a fully connected layer."""
    (high, wide), (out_high, out_wide) = work.grid.shape, work.result.shape
    said = {"w": high, "k": work.kernel.shape[0], "p": work.padding, "s": work.stride, "o": out_high}
    yield Shown(Said("size", "size", {**said, "high": out_high, "wide": out_wide}))
    yield Score("cells", out_high * out_wide, unit="count")
    yield Score("weights", work.kernel.size, unit="count")
    yield Score("dense", high * wide * out_high * out_wide, unit="count")


def _after(result: Numbers, values: Mapping[str, Value]) -> Iterator[Event]:
    """ReLU and pooling of the output."""
    if values["activation"] == "relu":
        result = np.maximum(result, 0)
        yield Shown(_grid("activated", result))
    if values["pooling"] == "none":
        return
    size = int(values["pool_size"])
    if min(result.shape) < size:
        yield Shown(Said("pooling", "too_small", {"high": result.shape[0], "wide": result.shape[1], "size": size}))
        return
    pooled = _pooled(result, size, str(values["pooling"]))
    yield Shown(_grid("pooled", pooled))
    first = ", ".join(number(value) for value in result[:size, :size].ravel())
    said: dict[str, str | float | int] = {"size": size, "numbers": first, "value": number(pooled[0, 0])}
    yield Shown(Said("pooling", f"pooled_{values['pooling']}", said))


def _pooled(maps: Numbers, size: int, way: str) -> Numbers:
    import torch

    from models.nn.convolution import average_pool, max_pool

    pool: Any = max_pool if way == "max" else average_pool
    return np.asarray(pool(torch.from_numpy(maps)[None, None], size)[0, 0].numpy())  # (H, W) -> (1, 1, H, W)


def _picture(work: Work, values: Mapping[str, Value]) -> Iterator[Event]:
    """The same kernel on the learner's picture, or on one that is made."""
    if values["photo"]:
        grey = photo(str(values["photo"]))
        yield Used("photo", "own", 1)
    else:
        grey = scene()
        yield Used("scene", "made", 1)
    if any(length < kernel for length, kernel in zip(grey.shape, work.kernel.shape, strict=True)):
        raise InputError(detail="the picture is smaller than the kernel; give a larger one", text_key="small_photo")
    around = [((length - 1) // 2, length // 2) for length in work.kernel.shape]  # so that both are of one size
    after = shaded(np.pad(convolved(grey, work.kernel), around))
    yield Shown(images("larger", np.stack([grey, after]), ("before", "after"), columns=2))


def _code(work: Work) -> Code:
    import torch
    from torch.nn import functional

    image, weight = (torch.from_numpy(part)[None, None] for part in (work.grid, work.kernel))  # (H, W) -> (1, 1, H, W)
    theirs: Any = functional.conv2d(image, weight, stride=work.stride, padding=work.padding)[0, 0]
    difference = float(np.abs(theirs.numpy() - work.result).max())
    return Code("code", CODE.format(stride=work.stride, padding=work.padding, difference=difference))


LAB = ConvolutionLab()
