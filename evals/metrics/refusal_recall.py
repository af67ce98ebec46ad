"""Share of the unanswerable questions that were refused, as a figure of the set beside precision and F1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evals.base import Case, Group, Outcome
from evals.refusals import counts, recall


class RefusalRecall:
    """Over the whole set: no mean over cases."""

    name = "refusal_recall"
    group: Group = "refusal"
    higher_is_better = True

    def parts(self, case: Case, outcome: Outcome) -> tuple[float, ...] | None:
        """None where nothing was answered."""
        return counts(case, outcome)

    def combine(self, sums: NDArray[np.float64]) -> float | None:
        """None without an unanswerable question."""
        return recall(sums)


METRIC = RefusalRecall()
