"""Small grids, kernels and the arithmetic of one cell: what a convolution by hand is done on.

grid = GRIDS["square"]()                            (8, 8)
kernel = KERNELS["sobel_x"]                         (3, 3)
cell_of(grid, kernel, (2, 3), stride=1, padding=0)  its window, and the products that are summed
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError

Numbers = NDArray[np.float64]

SIDE, MOST = 8, 5  # of a grid; of a kernel
LARGEST = 100.0  # number in a kernel
PHOTO_PX, PIXELS = 96, 40_000_000  # longest side that is shown; pixels of a file that are taken


def _square() -> Numbers:
    grid = np.zeros((SIDE, SIDE))
    grid[2:6, 2:6] = 1
    return grid


def _rows() -> Numbers:
    return np.repeat([0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0], SIDE).reshape(SIDE, SIDE)


def _cross() -> Numbers:
    return np.maximum(np.eye(SIDE), np.eye(SIDE)[::-1])


def _slope() -> Numbers:
    return np.tile(np.arange(SIDE, dtype=np.float64), (SIDE, 1))


def _dot() -> Numbers:
    grid = np.zeros((SIDE, SIDE))
    grid[3, 4] = 1
    return grid


def _noise() -> Numbers:
    return np.random.default_rng(0).integers(0, 10, (SIDE, SIDE)).astype(np.float64)


GRIDS: Mapping[str, Callable[[], Numbers]] = {
    "square": _square,
    "rows": _rows,
    "cross": _cross,
    "slope": _slope,
    "dot": _dot,
    "noise": _noise,
}
KERNELS: Mapping[str, Numbers] = {
    "edge": np.array([[-1.0, 1.0]]),
    "sobel_x": np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "sobel_y": np.array([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]]),
    "laplace": np.array([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    "sharpen": np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "blur": np.full((3, 3), 1 / 9),
    "gauss": np.array([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16,
    "emboss": np.array([[-2.0, -1, 0], [-1, 1, 1], [0, 1, 2]]),
    "identity": np.array([[0.0, 0, 0], [0, 1, 0], [0, 0, 0]]),
}


def parsed(said: str) -> Numbers:
    """Rows parted by / or line ends, numbers by blanks or commas: 1 0 -1 / 2 0 -2 / 1 0 -1. Raises InputError."""
    rows = [re.split(r"[\s,]+", row.strip()) for row in re.split(r"[/;\n]", said) if row.strip()]
    try:
        kernel = np.array([[float(number) for number in row if number] for row in rows])
    except ValueError:
        kernel = np.zeros(0)
    good = kernel.ndim == 2 and kernel.size > 0 and max(kernel.shape) <= MOST
    if not good or not (np.abs(kernel) <= LARGEST).all():
        short = said.strip()[:40]
        detail = f"{short!r} is no kernel; write up to {MOST} rows of up to {MOST} numbers each, such as 1 0 -1 / 2 0 -2 / 1 0 -1"
        raise InputError(detail=detail, text_key="no_kernel", said=short, most=MOST, largest=round(LARGEST))
    return kernel


def drawn(drawing: str) -> Numbers:
    """A drawing of S x S grey values as a grid of whole numbers from 0 to 9."""
    values = np.array([int(part) for part in drawing.split(",")], np.float64) if drawing else np.zeros(SIDE * SIDE)
    side = int(len(values) ** 0.5)
    edges = np.arange(SIDE + 1) * side // SIDE
    grey = values.reshape(side, side)  # (S * S,) -> (S, S)
    blocks = [[grey[top:low, left:right].mean() for left, right in _pairs(edges)] for top, low in _pairs(edges)]
    most = max(max(map(max, blocks)), 1e-9)
    return np.asarray(np.round(np.array(blocks) / most * 9))


def _pairs(edges: NDArray[Any]) -> list[tuple[int, int]]:
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Cell:
    """One output cell. top, left: its window's corner in the padded grid. window, products: (K, L)."""

    top: int
    left: int
    window: Numbers
    products: Numbers

    @property
    def total(self) -> float:
        """The cell's number."""
        return float(self.products.sum())

    def written(self, kernel: Numbers) -> str:
        """0×(-1) + 1×2 + … = 3, row by row."""
        terms = (
            f"{number(seen)}×{bracketed(weight)}"
            for seen, weight in zip(self.window.ravel(), kernel.ravel(), strict=True)
        )
        return f"{' + '.join(terms)} = {number(self.total)}"


def cell_of(padded: Numbers, kernel: Numbers, place: tuple[int, int], stride: int) -> Cell:
    """padded: the grid with its zeros around. place: row and column of the output, from 0."""
    top, left = (at * stride for at in place)
    window = padded[top : top + kernel.shape[0], left : left + kernel.shape[1]]
    return Cell(top, left, window, window * kernel)


def number(value: float) -> str:
    """As people write it: 3, -0.5, 0.111."""
    return f"{round(value, 3) + 0.0:g}"


def bracketed(value: float) -> str:
    """A negative number in brackets."""
    return f"({number(value)})" if value < 0 else number(value)


def scene() -> Numbers:
    """A disc, a square and stripes before a ground that gets brighter: (64, 64) from 0 to 1."""
    down, right = np.mgrid[:64, :64]
    made = 0.15 + 0.35 * right / 63
    made[(down - 18) ** 2 + (right - 18) ** 2 < 120] = 0.95
    made[8:28, 38:58] = 0.05
    stripes = (down > 37) & (down < 58) & (right > 5) & (right < 58)
    return np.where(stripes, np.where((down + right) % 12 < 6, 0.9, 0.1), made)


def photo(path: str) -> Numbers:
    """A picture file in grey, from 0 to 1, PHOTO_PX at its longest side: (H, W). Raises InputError for a file that is none."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(path) as held:
            if held.width * held.height > PIXELS:
                raise _unread(path, f"{held.width} x {held.height}")
            upright = ImageOps.exif_transpose(held).convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _unread(path, str(error)) from error
    ground = Image.new("RGBA", upright.size, "white")
    grey = Image.alpha_composite(ground, upright).convert("L")
    grey.thumbnail((PHOTO_PX, PHOTO_PX))
    return np.asarray(grey, np.float64) / 255


def _unread(path: str, why: str) -> InputError:
    detail = f"{Path(path).name} cannot be read as a picture ({why}); give a PNG or JPEG of at most {PIXELS // 10**6} megapixels"
    return InputError(detail=detail, text_key="no_photo", value=Path(path).name, most=PIXELS // 10**6)


def shaded(maps: Numbers) -> Numbers:
    """To shares from 0 to 1: 0.5 for 0 where something is negative, else 0 for 0."""
    most = max(float(np.abs(maps).max(initial=0)), 1e-12)
    return np.asarray(0.5 + 0.5 * maps / most if (maps < 0).any() else maps / most)
