"""Small images for the lesson on transfer: ten kinds, five of which the networks have seen and five of which they have not.

Fashion-MNIST (Xiao et al. 2017, MIT) where its four IDX files lie in HOME/lessons/fashion-mnist, else scikit-learn's 1,797
handwritten digits (UCI, CC BY 4.0), which come with the extra `hf`. Nothing is downloaded. Both are scaled to 16×16.
The checkpoints in data/lessons/images know the first five kinds of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.labs.data.pictures import read_idx
from app.lessons.base import INSTALL
from models.errors import InputError, MissingError

SIDE, SEEN, KINDS = 16, 5, 10
FOLDER = Path("lessons", "fashion-mnist")
FILES = {part: (f"{part}-images-idx3-ubyte.gz", f"{part}-labels-idx1-ubyte.gz") for part in ("train", "t10k")}
LUMA = (0.299, 0.587, 0.114)  # how bright red, green and blue look (ITU-R BT.601)
EDGE = 8  # a side is padded to a multiple of it

Images = NDArray[np.float32]
Kinds = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pictures:
    """name: fashion or digits. Images are (N, S, S) in [0, 1], kinds (N,) in 0…9; the first five were pretrained on."""

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
    return scaled(images), kinds.astype(np.int64)


def _idx(path: Path) -> Any:
    """As the labs read it; a damaged file is told with this lesson's own next step."""
    try:
        return read_idx(path)
    except InputError as error:
        raise _broken(path, error.params["why"]) from error


def scaled(images: Any, side: int = SIDE) -> Images:
    """Grey from 0 to 1 in one size: (N, H, H) or (N, H, H, 3), bytes or shares -> (N, side, side).

    A side of 28 is padded to 32; then pixels are averaged or repeated, so that H and side must be powers of two apart.
    """
    grey = images.astype(np.float32) / (255 if images.dtype == np.uint8 else 1)
    if grey.ndim == 4:
        grey = grey @ np.array(LUMA, np.float32)  # (N, H, H, 3) -> (N, H, H)
    edge = -grey.shape[1] % EDGE // 2
    grey = np.pad(grey, ((0, 0), (edge, edge), (edge, edge)))
    rows, here = grey.shape[:2]
    if here < side:
        large: Images = grey.repeat(side // here, axis=1).repeat(side // here, axis=2)  # (N, H, H) -> (N, S, S)
        return large
    step = here // side
    cells = grey.reshape(rows, side, step, side, step)  # (N, H, H) -> (N, S, H/S, S, H/S)
    return np.asarray(cells.mean(axis=(2, 4)), np.float32)  # -> (N, S, S)


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
    large = scaled(grey)
    held = np.arange(len(kinds)) % 5 == 0
    return Pictures("digits", large[~held], kinds[~held].astype(np.int64), large[held], kinds[held].astype(np.int64))
