"""chrF, overlap in character n-grams up to length 6, recall counting twice (Popović 2015), over the whole set.

As sacrebleu computes it by default (chrF2, white space left out, effective order), on a scale from 0 to 1: n-grams are counted
over all answers first and divided once.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from evals.base import Case, Group, Outcome
from evals.wording import compared

ORDER, BETA_SQUARED = 6, 4.0


class ChrF:
    """parts: for each n the n-grams of the answer, of the reference, and those in both; a refusal has none."""

    name = "chrf"
    group: Group = "answer"
    higher_is_better = True

    def parts(self, case: Case, outcome: Outcome) -> tuple[float, ...] | None:
        """None for an unanswerable question or a case without a reference."""
        texts = compared(case, outcome)
        if texts is None:
            return None
        said, wanted = ("".join(text.split()) for text in texts)
        return tuple(count for n in range(1, ORDER + 1) for count in _counts(said, wanted, n))

    def combine(self, sums: NDArray[np.float64]) -> float | None:
        """F2 of the precision and recall that are means over the n-gram lengths present on both sides."""
        in_answer, in_reference, in_both = sums.reshape(ORDER, 3).T  # (ORDER,) each
        present = (in_answer > 0) & (in_reference > 0)
        if not in_both.any():
            return 0.0
        precision = float((in_both[present] / in_answer[present]).mean())
        recall = float((in_both[present] / in_reference[present]).mean())
        return (1 + BETA_SQUARED) * precision * recall / (BETA_SQUARED * precision + recall)


def _counts(said: str, wanted: str, n: int) -> tuple[int, int, int]:
    one, two = _ngrams(said, n), _ngrams(wanted, n)
    return (one.total() if two else 0), two.total(), (one & two).total()


def _ngrams(text: str, n: int) -> Counter[str]:
    return Counter(text[i : i + n] for i in range(len(text) - n + 1))


METRIC = ChrF()
