"""The lab on convolution by hand: what its tries say comes out, and every bad kernel or picture is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
from torch.nn import functional  # noqa: E402

from app.labs.base import Desk, Event, Score, Shown, read_values, to_row  # noqa: E402
from app.labs.convolution import LAB  # noqa: E402
from app.labs.parts.cnn_hand import GRIDS, KERNELS  # noqa: E402
from models.errors import InputError  # noqa: E402


def ran(home: Path, **values: Any) -> tuple[dict[str, Any], dict[str, float]]:
    events: list[Event] = list(LAB.compute(Desk(home), **read_values(LAB, values)))
    for event in events:
        json.dumps(to_row(event), allow_nan=False)
    found = {f"{type(e.block).__name__} {e.block.name}": e.block for e in events if isinstance(e, Shown)}
    return found, {event.name: event.value for event in events if isinstance(event, Score)}


def numbers(figure: Any) -> np.ndarray:
    return np.array(figure.data[0]["z"])


def test_stripes_along_the_edge_give_nothing(home: Path) -> None:
    found, _ = ran(home, **LAB.tries[0].values)
    assert numbers(found["Figure output"]).shape == (6, 6)
    assert not numbers(found["Figure output"]).any()


def test_padding_1_and_stride_2_halve_the_grid(home: Path) -> None:
    found, scores = ran(home, **LAB.tries[1].values)
    assert numbers(found["Figure output"]).shape == (4, 4)
    assert scores == {"cells": 16, "weights": 9, "dense": 64 * 16}


def test_behind_relu_only_the_left_edge_is_left(home: Path) -> None:
    found, _ = ran(home, **LAB.tries[2].values)
    left, right = np.hsplit(numbers(found["Figure activated"]), 2)
    assert left.any() and not right.any()
    assert numbers(found["Figure output"]).min() < 0, "before it, there were both"


@pytest.mark.parametrize("kernel", KERNELS)
def test_each_kernel_gives_what_torch_gives(home: Path, kernel: str) -> None:
    found, _ = ran(home, grid="noise", kernel=kernel, padding=1, stride=2)
    image, weight = (torch.from_numpy(part)[None, None] for part in (GRIDS["noise"](), KERNELS[kernel]))
    theirs = functional.conv2d(image, weight, stride=2, padding=1)[0, 0].numpy()
    assert np.allclose(numbers(found["Figure output"]), theirs, atol=1e-3)


def test_the_written_cell_is_the_framed_one(home: Path) -> None:
    found, _ = ran(home, grid="slope", kernel="own", own="1 -1", row=14, column=14)
    assert found["Said cell"].values["sum"] == "6×1 + 7×(-1) = -1", "a place outside becomes the last"
    frame = found["Figure grid"].layout["shapes"][0]
    assert (frame["x0"], frame["x1"], frame["y0"], frame["y1"]) == (5.5, 7.5, 6.5, 7.5)
    assert found["Table products"].rows == (("6 × 1 = 6", "7 × (-1) = -7"),)


@pytest.mark.parametrize(("way", "first"), [("max", 3), ("average", 2)])
def test_pooling_says_its_first_cell(home: Path, way: str, first: float) -> None:
    found, _ = ran(home, grid="square", kernel="sobel_x", pooling=way)
    assert numbers(found["Figure pooled"])[0, 0] == first
    assert found["Said pooling"].key == f"pooled_{way}"


def test_what_is_too_small_to_pool_is_said(home: Path) -> None:
    found, _ = ran(home, kernel="own", own="1 1 1 1 1\n" * 5, stride=3, pool_size=3)
    assert found["Said pooling"].key == "too_small"


def test_the_learners_picture_goes_through_the_kernel(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    Image.new("RGB", (64, 48), "teal").save(path)
    found, _ = ran(home, photo=str(path))
    assert "Figure larger" in found
    Image.new("RGB", (2, 2)).save(path)
    with pytest.raises(InputError, match="smaller than the kernel"):
        ran(home, photo=str(path))
