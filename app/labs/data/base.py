"""What a loaded dataset is, and what can be wrong with one.

    found = load(desk, "fashion-mnist", train=6000, test=2000)      app/labs/data/loading.py
    yield found.used()                                              the page says which data a run rests on
    found.train.inputs, found.train.targets

| kind | inputs of a split | targets |
| --- | --- | --- |
| pictures | (N, H, W) or (N, H, W, 3), uint8 | (N,) int64, places in `classes` |
| texts | N strings | (N,) int64, places in `classes` |
| pairs | N pairs of strings | (N,) float64, 0 to 5 |
| table | (N, F) float64, a column for each of `features` | (N,) int64, or float64 where `classes` is empty |
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from app.labs.base import Used
from models.errors import InputError

Kind = Literal["pictures", "texts", "pairs", "table"]
Origin = Literal["cache", "hub", "folder", "debian", "package", "made"]
INSTALL = 'pip install -e ".[labs]"'
HELD_OUT = 5  # every fifth row is for the test where a source has no split of its own


@dataclass(frozen=True, slots=True)
class Split:
    """inputs and targets row by row; see the module for their types."""

    inputs: Any
    targets: NDArray[Any]

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, chosen: NDArray[np.int64]) -> Split:
        """These rows, in this order."""
        few = [self.inputs[n] for n in chosen] if isinstance(self.inputs, list) else self.inputs[chosen]
        return Split(few, self.targets[chosen])

    def drawn(self, rows: int, seed: int) -> Split:
        """So many rows drawn by the seed; all of them in their order where rows is 0 or there are no more."""
        if rows <= 0 or rows >= len(self):
            return self
        return self.take(np.random.default_rng(seed).permutation(len(self))[:rows])


@dataclass(frozen=True, slots=True)
class Loaded:
    """A dataset as it was found. skipped: why each source before `origin` was passed over, in English, for the log and the page."""

    name: str
    kind: Kind
    origin: Origin
    licence: str
    classes: tuple[str, ...]
    train: Split
    test: Split
    features: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()

    def used(self) -> Used:
        """For the page."""
        return Used(self.name, self.origin, len(self.train) + len(self.test))


def halves(inputs: Any, targets: NDArray[Any]) -> tuple[Split, Split]:
    """Train and test of rows without a split of their own: every fifth is held out, so that sorted classes are in both."""
    whole, held = Split(inputs, targets), np.arange(len(targets)) % HELD_OUT == 0
    return whole.take(np.flatnonzero(~held)), whole.take(np.flatnonzero(held))


def broken(path: Path, why: str) -> InputError:
    """A file of the user's that is not what it should be. The next step: replace it, or take it away for a stand-in."""
    detail = f"{path.name} in {path.parent} cannot be read ({why}): replace it, or take it out of the folder"
    return InputError(detail=detail, text_key="labdata.broken", name=path.name, folder=str(path.parent), why=why)
