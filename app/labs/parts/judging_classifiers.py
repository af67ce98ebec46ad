"""Two classifiers that are trained within a second, for the lab on evaluation: one fairly calibrated, one far too sure of itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.labs.parts.judging_metrics import Numbers
from app.labs.parts.judging_rows import Dense, Held, Rows

STEPS, TOLD_EVERY = 400, 40
PENALTY = 3.0  # of all rows together; divided by their number
SMOOTHED, LEAST_VARIANCE = 1.0, 1e-3


@dataclass(slots=True)
class Logistic:
    """Logistic regression (Cox 1958): the probability is 1 / (1 + exp(-(x w + b))). Minimises the mean cross-entropy with an L2
    penalty on w by accelerated gradient descent (Nesterov 1983), whose step follows from the largest curvature."""

    penalty: float = PENALTY
    weight: Any = None
    bias: float = 0.0

    def fit(self, rows: Rows, steps: int = STEPS) -> Iterator[float]:
        """Trains; yields the share that is done."""
        x, many = rows.inputs, len(rows.truth)
        penalty = self.penalty / many
        rate = 1 / (largest_curvature(x) + penalty)
        now = ahead = np.zeros(x.shape[1] + 1)  # weights, then the bias
        for step in range(steps):
            residual = sigmoid(x.dot(ahead[:-1]) + ahead[-1]) - rows.truth
            slope = np.append(x.back(residual) / many + penalty * ahead[:-1], residual.mean())
            before, now = now, ahead - rate * slope
            ahead = now + step / (step + 3) * (now - before)
            if step % TOLD_EVERY == 0:
                yield step / steps
        self.weight, self.bias = now[:-1], float(now[-1])
        yield 1.0

    def scores(self, inputs: Dense | Held) -> Numbers:
        """Probabilities of the positive kind, (N,)."""
        return sigmoid(inputs.dot(self.weight) + self.bias)


@dataclass(slots=True)
class NaiveBayes:
    """Bayes' rule as if the columns were independent within a kind: Gaussian for measurements, Bernoulli for what is there or not.
    They are not, so the same evidence counts several times and the probabilities run to 0 and 1 (Domingos and Pazzani 1997)."""

    prior: float = 0.0
    kinds: tuple[tuple[Any, Any], ...] = ()

    def fit(self, rows: Rows) -> Iterator[float]:
        """Counts once: there is nothing to descend."""
        positive = float(rows.truth.mean())
        self.prior = float(np.log(positive / (1 - positive)))
        self.kinds = tuple(self._of(rows.inputs, kind) for kind in (rows.truth, ~rows.truth))
        yield 1.0

    @staticmethod
    def _of(x: Dense | Held, kind: Any) -> tuple[Any, Any]:
        """Mean and variance of each column; or log shares of rows with and without it, smoothed by one of each (Laplace)."""
        if isinstance(x, Dense):
            return x.values[kind].mean(axis=0), x.values[kind].var(axis=0) + LEAST_VARIANCE
        share = (x.back(kind.astype(float)) + SMOOTHED) / (kind.sum() + 2 * SMOOTHED)
        return np.log(share), np.log1p(-share)

    def scores(self, inputs: Dense | Held) -> Numbers:
        """Probabilities of the positive kind, (N,)."""
        yes, no = (_likelihood(inputs, *kind) for kind in self.kinds)
        return sigmoid(yes - no + self.prior)


def _likelihood(x: Dense | Held, first: Numbers, second: Numbers) -> Numbers:
    """The logarithm, but for a constant, of each row: by means and variances; or by log shares with and without each column."""
    found: Numbers
    if isinstance(x, Held):
        found = x.dot(first - second) + second.sum()
        return found
    found = -0.5 * ((x.values - first) ** 2 / second + np.log(second)).sum(axis=1)
    return found


Classifier = Logistic | NaiveBayes


def sigmoid(values: Numbers) -> Numbers:
    """1 / (1 + exp(-x)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * values)), np.float64)


def largest_curvature(x: Dense | Held, steps: int = 30) -> float:
    """Of the cross-entropy, a little above it: a quarter of the largest eigenvalue of X'X / N, by power iteration (von Mises and
    Pollaczek-Geiringer 1929). X has a column of ones for the bias."""
    many, vector = x.shape[0], np.ones(x.shape[1] + 1)
    length = 1.0
    for _ in range(steps):
        seen = x.dot(vector[:-1]) + vector[-1]
        vector = np.append(x.back(seen), seen.sum()) / many
        length = float(np.linalg.norm(vector)) or 1.0
        vector /= length
    return 1.1 * length / 4
