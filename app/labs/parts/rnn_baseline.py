"""The baseline of every sentiment model: a linear classifier on which units and which pairs of neighbours occur, in no order.

    bag = learn(numbers, kinds, vocabulary=5000)
    bag.probabilities(numbers)                       (N,) of the second class

Logistic regression on Naive Bayes' log-count ratios of uni- and bigrams (Wang and Manning 2012, ACL, https://aclanthology.org/P12-2018).
A feature is a pair of unit numbers (a, b), b = 0 for the unit a alone, kept as the one number a V + b.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.nn.optimisers import Adam

LEAST = 2  # reviews in which a feature stands
STEPS, RATE, L2 = 60, 0.1, 1e-4
SMOOTHED = 1.0  # added to every count


@dataclass(frozen=True, slots=True)
class Bag:
    """keys: (F,) int64, ascending. weights: (F,), what the feature adds to the log-odds. vocabulary: V."""

    keys: NDArray[np.int64]
    weights: NDArray[np.float64]
    bias: float
    vocabulary: int

    def scores(self, numbers: Sequence[Sequence[int]]) -> NDArray[np.float64]:
        """Log-odds of the second class, for each review (N,)."""
        rows, keys = features(numbers, self.vocabulary)
        if not len(self.keys):
            return np.full(len(numbers), self.bias)
        at = np.searchsorted(self.keys, keys).clip(max=len(self.keys) - 1)  # (all features,)
        weights = np.where(self.keys[at] == keys, self.weights[at], 0.0)
        return np.asarray(np.bincount(rows, weights, len(numbers)) + self.bias, np.float64)

    def probabilities(self, numbers: Sequence[Sequence[int]]) -> NDArray[np.float64]:
        """Of the second class, for each review (N,)."""
        return sigmoid(self.scores(numbers))


def sigmoid(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + e⁻ˣ), written so that nothing overflows."""
    shares: NDArray[np.float64] = 0.5 * (1 + np.tanh(odds / 2))
    return shares


def features(numbers: Sequence[Sequence[int]], vocabulary: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which review has which feature, each once: rows and keys, by row and then by key."""
    lengths = np.array([len(each) for each in numbers], np.int64)
    units = np.array([unit for each in numbers for unit in each], np.int64)
    rows = np.repeat(np.arange(len(numbers)), lengths)
    within = rows[1:] == rows[:-1]
    keys = np.concatenate([units * vocabulary, (units[:-1] * vocabulary + units[1:])[within]])
    both = np.unique(np.concatenate([rows, rows[1:][within]]) * vocabulary**2 + keys)
    return both // vocabulary**2, both % vocabulary**2


def learn(numbers: Sequence[Sequence[int]], kinds: NDArray[np.int64], vocabulary: int) -> Bag:
    """kinds: (N,), 0 or 1. Full-batch Adam from the Naive Bayes weights on, so that the result is the same every time."""
    rows, keys = features(numbers, vocabulary)
    known, columns, counts = np.unique(keys, return_inverse=True, return_counts=True)
    kept = counts >= LEAST
    place = np.cumsum(kept) - 1
    there = kept[columns]
    rows, columns, known = rows[there], place[columns[there]], known[kept]
    ratio = _log_ratio(rows, columns, kinds, len(known))
    weights, bias, optimiser = np.zeros(len(known)), np.zeros(1), Adam(RATE)
    for _ in range(STEPS):
        odds = np.bincount(rows, (weights * ratio)[columns], len(kinds)) + bias
        slope = (sigmoid(odds) - kinds) / len(kinds)  # (N,)
        gradient = np.bincount(columns, slope[rows], len(known)) * ratio + L2 * weights
        weights, bias = optimiser.step([weights, bias], [gradient, slope.sum(keepdims=True)])
    return Bag(known, weights * ratio, float(bias[0]), vocabulary)


def _log_ratio(
    rows: NDArray[np.int64], columns: NDArray[np.int64], kinds: NDArray[np.int64], many: int
) -> NDArray[np.float64]:
    """How much more often each feature stands in the second class than in the first: (F,)."""
    positive, negative = (np.bincount(columns[kinds[rows] == kind], minlength=many) + SMOOTHED for kind in (1, 0))
    ratio: NDArray[np.float64] = np.log(positive / positive.sum()) - np.log(negative / negative.sum())
    return ratio
