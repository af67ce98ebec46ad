"""Images for the lesson: Fashion-MNIST where its files lie, the digits where not, and a plain word where a file is broken."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from app.lessons.pictures import FILES, FOLDER, SEEN, digits, pictures
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


@pytest.mark.parametrize(
    "damage",
    [b"no gzip", gzip.compress(b"\0\0\x09\x01"), gzip.compress(b"\0\0\x08\x03" + b"\0" * 12 + b"x")],
    ids=["no gzip", "another type", "cut short"],
)
def test_a_broken_file_is_named(fashion_home: Path, damage: bytes) -> None:
    name = FILES["t10k"][0]
    (fashion_home / FOLDER / name).write_bytes(damage)
    with pytest.raises(InputError, match=name):
        pictures(fashion_home)
