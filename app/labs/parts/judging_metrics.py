"""How good a classifier of two kinds is, from its scores: each figure by its formula, in NumPy alone.

A row counts as positive where its score reaches the threshold. truth: (N,) bool; scores: (N,) probabilities of the positive kind.
A figure whose denominator is 0, such as the precision of one that never says positive, is nan: there is none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Truth = NDArray[np.bool_]
Numbers = NDArray[np.float64]
NONE = float("nan")


@dataclass(frozen=True, slots=True)
class Counts:
    """The confusion matrix: true and false positives, false and true negatives."""

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def accuracy(self) -> float:
        """(TP + TN) / (TP + FP + FN + TN)."""
        return _share(self.tp + self.tn, self.tp + self.fp + self.fn + self.tn)

    @property
    def precision(self) -> float:
        """TP / (TP + FP): of what is called positive, how much is (van Rijsbergen 1979)."""
        return _share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """TP / (TP + FN): of what is positive, how much is found; the true positive rate."""
        return _share(self.tp, self.tp + self.fn)

    @property
    def specificity(self) -> float:
        """TN / (TN + FP): of what is negative, how much is left alone; 1 - the false positive rate."""
        return _share(self.tn, self.tn + self.fp)

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN): the harmonic mean of precision and recall (van Rijsbergen 1979)."""
        return _share(2 * self.tp, 2 * self.tp + self.fp + self.fn)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else NONE


def count(truth: Truth, scores: Numbers, threshold: float) -> Counts:
    """The four counts at a threshold."""
    said = scores >= threshold
    both, positives, called = int((truth & said).sum()), int(truth.sum()), int(said.sum())
    return Counts(both, called - both, positives - both, len(truth) - positives - called + both)


@dataclass(frozen=True, slots=True)
class Sweep:
    """Every threshold that changes anything, from high to low, with the counts there, (K,) each. The first calls nothing positive."""

    thresholds: Numbers
    tp: Numbers
    fp: Numbers

    @property
    def tpr(self) -> Numbers:
        """True positive rates, which are the recalls; nan without a positive row."""
        return _rates(self.tp)

    @property
    def fpr(self) -> Numbers:
        """False positive rates; nan without a negative row."""
        return _rates(self.fp)

    @property
    def precision(self) -> Numbers:
        """1 where nothing is called positive, as the curve's beginning is drawn."""
        called = self.tp + self.fp
        return np.where(called > 0, self.tp / np.maximum(called, 1), 1.0)


def _rates(counts: Numbers) -> Numbers:
    return counts / counts[-1] if counts[-1] else np.full_like(counts, NONE)


def sweep(truth: Truth, scores: Numbers) -> Sweep:
    """One pass over the rows by falling score; rows of equal score come together (Fawcett 2006, algorithm 1)."""
    order = np.argsort(-scores, kind="stable")
    ranked, right = scores[order], truth[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # of each run of equal scores
    tp = np.cumsum(right)[last].astype(np.float64)
    return Sweep(np.append(np.inf, ranked[last]), np.append(0.0, tp), np.append(0.0, last + 1 - tp))


def area_under_roc(swept: Sweep) -> float:
    """AUC by trapezoids (Hanley and McNeil 1982)."""
    return float(np.trapezoid(swept.tpr, swept.fpr))


def pairs_in_order(truth: Truth, scores: Numbers) -> float:
    """The share of pairs of a positive and a negative row in which the positive one scores higher, ties by half: the same number as
    the AUC (Mann and Whitney 1947)."""
    positive, negative = scores[truth], np.sort(scores[~truth])
    if not len(positive) or not len(negative):
        return NONE
    below, upto = (np.searchsorted(negative, positive, side=side) for side in ("left", "right"))
    return float((below + upto).mean() / 2 / len(negative))


def average_precision(swept: Sweep) -> float:
    """AP = sum of (R_k - R_k-1) P_k over falling thresholds: the area under the PR curve without drawing a line between its points
    (Davis and Goadrich 2006 say why not)."""
    return float((np.diff(swept.tpr) * swept.precision[1:]).sum())


@dataclass(frozen=True, slots=True)
class Calibration:
    """By bin of equal width: rows in it, their mean score, and the share that is positive. Empty bins are left out."""

    rows: Numbers
    said: Numbers
    true: Numbers

    @property
    def error(self) -> float:
        """ECE: sum of n_b / N |true_b - said_b| (Naeini, Cooper and Hauskrecht 2015)."""
        return float((self.rows * np.abs(self.true - self.said)).sum() / self.rows.sum())


def calibrate(truth: Truth, scores: Numbers, bins: int = 10) -> Calibration:
    """The reliability diagram (DeGroot and Fienberg 1983)."""
    place = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], scores)
    rows, said, true = (np.bincount(place, weight, bins) for weight in (None, scores, truth))
    full = rows > 0
    return Calibration(rows[full].astype(np.float64), said[full] / rows[full], true[full] / rows[full])


def brier(truth: Truth, scores: Numbers) -> float:
    """Mean of (p - y)^2 (Brier 1950)."""
    return float(((scores - truth) ** 2).mean())


def cheapest(swept: Sweep, cost: float) -> tuple[float, float]:
    """The threshold with the least cost on these rows, and that cost, where a missed positive costs `cost` false alarms. Of several
    the highest; inf stands for calling nothing positive."""
    costs = swept.fp + cost * (swept.tp[-1] - swept.tp)
    best = int(costs.argmin())
    return float(swept.thresholds[best]), float(costs[best])


def best_threshold(cost: float) -> float:
    """Where a calibrated score should be cut: 1 / (1 + cost) (Elkan 2001, "The Foundations of Cost-Sensitive Learning")."""
    return 1 / (1 + cost)
