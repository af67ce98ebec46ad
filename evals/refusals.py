"""Refusals as a classifier's decisions: the positive class is a question that the documents do not answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evals.base import Case, Outcome

Parts = tuple[float, float, float]


def counts(case: Case, outcome: Outcome) -> Parts | None:
    """(true positives, false positives, false negatives) of one case; None where nothing was answered."""
    if outcome.answer is None:
        return None
    refused = outcome.answer.refused
    return (
        float(refused and not case.answerable),
        float(refused and case.answerable),
        float(not refused and not case.answerable),
    )


def share(part: float, rest: float) -> float | None:
    """part of part + rest; None where both are 0."""
    return float(part / (part + rest)) if part + rest else None


def precision(sums: NDArray[np.float64]) -> float | None:
    """Share of the refusals that were right; None without a refusal."""
    return share(sums[0], sums[1])


def recall(sums: NDArray[np.float64]) -> float | None:
    """Share of the unanswerable questions that were refused; None without one."""
    return share(sums[0], sums[2])


def f1(sums: NDArray[np.float64]) -> float | None:
    """2 tp / (2 tp + fp + fn), the harmonic mean of both; None where there was nothing to refuse and nothing refused."""
    return share(2 * sums[0], sums[1] + sums[2])
