"""Images for the lesson: Fashion-MNIST where its files lie, the digits where not, and a plain word where a file is broken."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from app.lessons.pictures import FILES, FOLDER, SEEN, digits, pictures, scaled
from app.ui.i18n import LANGUAGES, localize
from models.errors import InputError


def write_idx(path: Path, values: np.ndarray) -> None:
    header = bytes([0, 0, 8, values.ndim]) + b"".join(int(n).to_bytes(4, "big") for n in values.shape)
    path.write_bytes(gzip.compress(header + values.astype(np.uint8).tobytes()))


@pytest.fixture
def fashion_home(home: Path) -> Path:
    folder = home / FOLDER
    folder.mkdir(parents=True)
    draw = np.random.default_rng(0)
    for images, kinds in FILES.values():
        write_idx(folder / images, draw.integers(0, 256, (40, 28, 28)))
        write_idx(folder / kinds, np.arange(40) % 10)
    return home


def test_fashion_is_taken_where_its_files_are(fashion_home: Path) -> None:
    found = pictures(fashion_home)
    assert found.name == "fashion"
    assert found.train.shape == (40, 16, 16)
    assert 0 <= found.train.min() <= found.train.max() <= 1
    images, kinds = found.few(2, seed=1)
    assert len(images) == 10
    assert sorted(kinds.tolist()) == sorted([0, 1, 2, 3, 4] * 2)
    again, _ = found.few(2, seed=1)
    assert np.array_equal(images, again)


def test_digits_stand_in(home: Path) -> None:
    pytest.importorskip("sklearn")
    found = pictures(home)
    assert (found.name, len(found.train) + len(found.test)) == ("digits", 1797)
    old, new = found.held(seen=True), found.held(seen=False)
    assert set(old[1].tolist()) == set(new[1].tolist()) == set(range(SEEN))
    assert len(digits().few(50, 1)[0]) == 250


DAMAGES = {
    "no gzip": (b"no gzip", "Not a gzipped file"),
    "broken gzip": (gzip.compress(bytes(999))[:-12], "ended before"),
    "another type": (gzip.compress(b"\0\0\x09\x01"), "it does not begin as an IDX file of bytes does"),
    "cut short": (gzip.compress(b"\0\0\x08\x03" + b"\0" * 12 + b"x"), "it has 1 values, not (0, 0, 0)"),
}


@pytest.mark.parametrize(("damage", "why"), DAMAGES.values(), ids=DAMAGES)
def test_a_broken_file_is_named_with_the_next_step(fashion_home: Path, damage: bytes, why: str) -> None:
    name = FILES["t10k"][0]
    (fashion_home / FOLDER / name).write_bytes(damage)
    with pytest.raises(InputError) as caught:
        pictures(fashion_home)
    said, told = str(caught.value), caught.value.params
    assert name in said and why in said and "or remove the folder to use the digits" in said
    assert (told["text_key"], told["name"]) == ("lessons.broken_images", name)
    for lang in LANGUAGES:
        assert why in localize(caught.value, lang)


def test_pictures_of_another_size_are_refused(fashion_home: Path) -> None:
    write_idx(fashion_home / FOLDER / FILES["train"][0], np.zeros((40, 16, 16)))
    with pytest.raises(InputError, match=r"\(40, 16, 16\) images and \(40,\) labels"):
        pictures(fashion_home)


@pytest.mark.parametrize("side", [16, 32])
@pytest.mark.parametrize("shape", [(8, 8), (28, 28), (32, 32), (32, 32, 3)], ids=str)
def test_every_picture_comes_into_one_size(shape: tuple[int, ...], side: int) -> None:
    white = scaled(np.full((2, *shape), 255, np.uint8), side)
    assert (white.shape, white.dtype) == ((2, side, side), np.float32)
    assert white[:, side // 4, side // 4] == pytest.approx(1)
    assert scaled(np.zeros((1, *shape), np.float32), side).max() == 0


def test_scaling_keeps_places() -> None:
    dot = np.zeros((1, 32, 32), np.uint8)
    dot[0, 4:6, 10:12] = 255
    assert np.argwhere(scaled(dot)[0] == 1).tolist() == [[2, 5]]
    assert np.argwhere(scaled(np.eye(8, dtype=np.float32)[None])[0, :2] == 1).tolist() == [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
    ]
