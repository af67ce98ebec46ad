"""Small images for the lesson on transfer: ten kinds, five of which the networks have seen and five of which they have not.

Fashion-MNIST (Xiao et al. 2017, MIT) where its four IDX files lie in HOME/lessons/fashion-mnist, else scikit-learn's 1,797
handwritten digits (UCI, CC BY 4.0), which come with the extra `hf`. Nothing is downloaded. Both are scaled to 16×16.
The checkpoints in data/lessons/images know the first five kinds of both.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.lessons.base import INSTALL
from models.errors import InputError, MissingError

SIDE, SEEN, KINDS = 16, 5, 10
FOLDER = Path("lessons", "fashion-mnist")
FILES = {part: (f"{part}-images-idx3-ubyte.gz", f"{part}-labels-idx1-ubyte.gz") for part in ("train", "t10k")}
_MOST_BYTES = 100_000_000

Images = NDArray[np.float32]
Kinds = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pictures:
    """name: fashion or digits. Images are (N, 16, 16) in [0, 1], kinds (N,) in 0…9; the first five were pretrained on."""

    name: str
    train: Images
    train_kinds: Kinds
    test: Images
    test_kinds: Kinds

    def few(self, each: int, seed: int) -> tuple[Images, Kinds]:
        """So many images of each unseen kind, drawn by the seed; kinds count from 0."""
        draw, chosen = np.random.default_rng(seed), []
        for kind in range(SEEN, KINDS):
            chosen.append(draw.permutation(np.flatnonzero(self.train_kinds == kind))[:each])
        found = np.concatenate(chosen)
        return self.train[found], self.train_kinds[found] - SEEN

    def held(self, seen: bool, most: int = 600) -> tuple[Images, Kinds]:
        """Test images of the seen or the unseen kinds; kinds count from 0."""
        among = self.test_kinds < SEEN if seen else self.test_kinds >= SEEN
        found = np.flatnonzero(among)[:most]
        return self.test[found], self.test_kinds[found] - (0 if seen else SEEN)


def pictures(home: Path) -> Pictures:
    """What there is. Raises MissingError where scikit-learn is not installed, InputError for broken files."""
    folder = home / FOLDER
    if all((folder / name).is_file() for names in FILES.values() for name in names):
        return fashion(folder)
    return digits()


def fashion(folder: Path) -> Pictures:
    """From the four IDX files. Raises InputError."""
    train, test = (_pair(folder, part) for part in ("train", "t10k"))
    return Pictures("fashion", *train, *test)


def _pair(folder: Path, part: str) -> tuple[Images, Kinds]:
    images, kinds = (_idx(folder / name) for name in FILES[part])
    if images.ndim != 3 or images.shape[1:] != (28, 28) or kinds.shape != images.shape[:1]:
        raise _broken(folder / FILES[part][0], f"{images.shape} images and {kinds.shape} labels")
    wide = np.pad(images.astype(np.float32) / 255, ((0, 0), (2, 2), (2, 2)))  # (N, 28, 28) -> (N, 32, 32)
    small = wide.reshape(-1, SIDE, 2, SIDE, 2).mean(axis=(2, 4))  # (N, 32, 32) -> (N, 16, 2, 16, 2) -> (N, 16, 16)
    return small.astype(np.float32), kinds.astype(np.int64)


def _idx(path: Path) -> Any:
    """An array from an IDX file: two zeros, the type (8: bytes), the number of axes, their lengths, the values."""
    try:
        with gzip.open(path) as file:
            data = file.read(_MOST_BYTES)
    except (OSError, EOFError) as error:
        raise _broken(path, str(error)) from error
    axes = data[3] if len(data) > 3 else 0
    start = 4 + 4 * axes
    if data[:3] != b"\0\0\x08" or len(data) < start:
        raise _broken(path, "it does not begin as an IDX file of bytes does")
    shape = tuple(int.from_bytes(data[4 + 4 * n : 8 + 4 * n], "big") for n in range(axes))
    if len(data) - start != int(np.prod(shape)):
        raise _broken(path, f"it has {len(data) - start} values, not {shape}")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def _broken(path: Path, why: str) -> InputError:
    detail = f"{path.name} in {path.parent} cannot be read ({why}): replace it, or remove the folder to use the digits"
    return InputError(detail=detail, text_key="lessons.broken_images", name=path.name, folder=str(path.parent), why=why)


def digits() -> Pictures:
    """Every fifth image is for the test. Raises MissingError."""
    if find_spec("sklearn") is None:
        raise MissingError(what="scikit-learn", fix=INSTALL)
    from sklearn.datasets import load_digits

    images, kinds = load_digits(return_X_y=True)
    grey = (images.reshape(-1, 8, 8) / 16).astype(np.float32)  # (N, 64) -> (N, 8, 8)
    large = grey.repeat(2, axis=1).repeat(2, axis=2)  # (N, 8, 8) -> (N, 16, 16)
    held = np.arange(len(kinds)) % 5 == 0
    return Pictures("digits", large[~held], kinds[~held].astype(np.int64), large[held], kinds[held].astype(np.int64))
