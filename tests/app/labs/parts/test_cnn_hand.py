"""Kernels are read as they are written, drawings and photographs become grids, and a cell is the sum of its products."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.labs.parts.cnn_hand import GRIDS, KERNELS, PHOTO_PX, cell_of, drawn, parsed, photo, shaded
from models.errors import InputError


@pytest.mark.parametrize(
    ("said", "kernel"),
    [
        ("1 0 -1 / 2 0 -2 / 1 0 -1", [[1, 0, -1], [2, 0, -2], [1, 0, -1]]),
        ("1,2;3,4", [[1, 2], [3, 4]]),
        (" 0.5 \n -0.5 ", [[0.5], [-0.5]]),
        ("7", [[7]]),
    ],
    ids=["slashes", "commas", "lines", "one"],
)
def test_a_kernel_is_read(said: str, kernel: list[list[float]]) -> None:
    assert parsed(said).tolist() == kernel


@pytest.mark.parametrize(
    "said",
    ["🙂", "1 2 / 3", "1 2 3 4 5 6", "nan 1 / 1 1", "1e999", "101", "가 나", "/", "1\n" * 6],
    ids=["emoji", "ragged", "wide", "nan", "infinite", "large", "words", "nothing", "high"],
)
def test_what_is_no_kernel_is_told(said: str) -> None:
    with pytest.raises(InputError) as caught:
        parsed(said)
    assert caught.value.params["text_key"] == "no_kernel"


def test_a_cell_says_where_its_number_comes_from() -> None:
    cell = cell_of(GRIDS["slope"](), KERNELS["edge"], (2, 1), stride=2)
    assert (cell.top, cell.left, cell.total) == (4, 2, 1)
    assert cell.written(KERNELS["edge"]) == "2×(-1) + 3×1 = 1"


def test_a_drawing_becomes_a_grid_of_digits() -> None:
    grey = np.zeros((28, 28), int)
    grey[:14] = 255
    grid = drawn(",".join(map(str, grey.ravel())))
    assert grid.shape == (8, 8)
    assert (grid[:4] == 9).all() and (grid[4:] == 0).all()
    assert not drawn("").any()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "I", "F"])
@pytest.mark.parametrize("size", [(1, 1), (300, 20)], ids=["dot", "wide"])
def test_a_photograph_of_any_mode_and_size_is_read(tmp_path: Path, mode: str, size: tuple[int, int]) -> None:
    path = tmp_path / "photo.tiff"
    Image.new(mode, size).save(path)
    grey = photo(str(path))
    assert grey.ndim == 2 and max(grey.shape) <= PHOTO_PX
    assert 0 <= grey.min() <= grey.max() <= 1


def test_what_is_no_picture_is_named(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(b"not a picture")
    with pytest.raises(InputError, match="photo"):
        photo(str(path))


def test_negative_numbers_are_darker_than_nothing() -> None:
    assert shaded(np.array([-2.0, 0.0, 1.0])).tolist() == [0, 0.5, 0.75]
    assert shaded(np.array([0.0, 2.0])).tolist() == [0, 1]
    assert shaded(np.zeros(2)).tolist() == [0, 0]
