"""What the lab on evaluation judges: rows of two kinds, made rarer where asked, as numbers a classifier reads.

A table's columns are standardised by the training rows; a text becomes the two-syllable pieces it holds, 1 or 0 for each of the most
frequent ones ("정말 좋다" -> "정말", "좋다").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.labs.data.base import Loaded, Split
from app.labs.parts.judging_metrics import Numbers, Truth

POSITIVE = {"breast-cancer": 0}  # malignant is what is looked for; of reviews the good ones
PIECES = 2000
SMALL = 2000  # rows of a table, below which half are for the test
TOLD_FEATURES = 3


@dataclass(frozen=True, slots=True)
class Dense:
    """Measurements, (N, F) float64."""

    values: Numbers

    @property
    def shape(self) -> tuple[int, int]:
        return self.values.shape[0], self.values.shape[1]

    def dot(self, weight: Numbers) -> Numbers:
        """X w: (F,) -> (N,)."""
        return self.values @ weight

    def back(self, rows: Numbers) -> Numbers:
        """X' r: (N,) -> (F,)."""
        return self.values.T @ rows


@dataclass(frozen=True, slots=True)
class Held:
    """A matrix of 0 and 1, (N, F), of which only the places of the ones are kept: rows and columns, (ones,) each."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    shape: tuple[int, int]

    def dot(self, weight: Numbers) -> Numbers:
        """X w: (F,) -> (N,)."""
        return np.bincount(self.rows, weight[self.columns], self.shape[0]).astype(np.float64)

    def back(self, rows: Numbers) -> Numbers:
        """X' r: (N,) -> (F,)."""
        return np.bincount(self.columns, rows[self.rows], self.shape[1]).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Rows:
    """inputs: N rows; truth: (N,) bool; shown: what a person reads of each row."""

    inputs: Dense | Held
    truth: Truth
    shown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """What is learnt and what is judged. kind: what the positive rows are called."""

    train: Rows
    test: Rows
    kind: str


def task(found: Loaded, share: float, seed: int) -> Task:
    """The dataset as two kinds. share: of positive rows, drawn by the seed in both parts; 0 for as they are."""
    wanted = POSITIVE.get(found.name, min(1, len(found.classes) - 1))
    parts = _halves(found, seed) if found.kind == "table" else (found.train, found.test)
    draw = np.random.default_rng(seed)
    thinned = [part.take(rarer(part.targets == wanted, share, draw)) for part in parts]
    truths = [part.targets == wanted for part in thinned]
    read = _texts if found.kind == "texts" else _table
    inputs, shown = read(thinned[0], thinned[1], found.features)
    train, test = (Rows(*each) for each in zip(inputs, truths, shown, strict=True))
    return Task(train, test, found.classes[wanted])


def _halves(found: Loaded, seed: int) -> tuple[Split, Split]:
    """A small table's test would hold a handful of mistakes: half of all rows are judged."""
    whole = Split(
        np.concatenate([found.train.inputs, found.test.inputs]),
        np.concatenate([found.train.targets, found.test.targets]),
    )
    if len(whole) > SMALL:
        return found.train, found.test
    order = np.random.default_rng(seed).permutation(len(whole))
    return whole.take(order[::2]), whole.take(order[1::2])


def rarer(truth: Truth, share: float, draw: np.random.Generator) -> NDArray[np.int64]:
    """Places of the rows that stay, in order: all negative ones, and so many positive ones that they are `share` of all."""
    positive, negative = np.flatnonzero(truth), np.flatnonzero(~truth)
    many = max(2, round(share / (1 - share) * len(negative))) if share else len(positive)
    return np.sort(np.concatenate([negative, draw.permutation(positive)[:many]]))


Read = tuple[Sequence[Dense | Held], Sequence[tuple[str, ...]]]


def _table(train: Split, test: Split, features: Sequence[str]) -> Read:
    """Columns with mean 0 and deviation 1 over the training rows. A row is told by what is most unusual in it."""
    mean, deviation = train.inputs.mean(axis=0), train.inputs.std(axis=0)
    parts = [(part.inputs - mean) / np.where(deviation > 0, deviation, 1) for part in (train, test)]
    return [Dense(part) for part in parts], [_unusual(part, features) for part in parts]


def _unusual(inputs: Numbers, features: Sequence[str]) -> tuple[str, ...]:
    order = np.argsort(-np.abs(inputs), axis=1)[:, :TOLD_FEATURES]
    return tuple(
        ", ".join(f"{features[at]} {row[at]:+.1f}σ" for at in most) for row, most in zip(inputs, order, strict=True)
    )


def _texts(train: Split, test: Split, _: Sequence[str]) -> Read:
    counted = Counter(piece for text in train.inputs for piece in pieces(text))
    frequent = sorted(counted, key=lambda piece: (-counted[piece], piece))[:PIECES]
    place = {piece: at for at, piece in enumerate(frequent)}
    return [_held(part.inputs, place) for part in (train, test)], [tuple(part.inputs) for part in (train, test)]


def pieces(text: str) -> set[str]:
    """Two letters that stand beside each other in a word, and words of one letter."""
    words = text.lower().split()
    return {word[at : at + 2] for word in words for at in range(max(1, len(word) - 1))}


def _held(texts: Sequence[str], place: dict[str, int]) -> Held:
    found = [sorted(place[piece] for piece in pieces(text) if piece in place) for text in texts]
    rows = np.repeat(np.arange(len(texts)), [len(each) for each in found])
    return Held(rows, np.array([at for each in found for at in each], np.int64), (len(texts), len(place)))
