"""Share of the refusals that were right: the documents do not hold the answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evals.base import Case, Group, Outcome
from evals.refusals import counts, precision


class RefusalPrecision:
    """Over the whole set: no mean over cases."""

    name = "refusal_precision"
    group: Group = "refusal"
    higher_is_better = True

    def parts(self, case: Case, outcome: Outcome) -> tuple[float, ...] | None:
        """None where nothing was answered."""
        return counts(case, outcome)

    def combine(self, sums: NDArray[np.float64]) -> float | None:
        """None without a refusal."""
        return precision(sums)


METRIC = RefusalPrecision()
