"""Overlap of answer and reference in characters, as KorQuAD 1.0's evaluation script has it (Lim, Kim, Lee 2019).

Characters rather than words: particles and spacing vary freely in Korean. White space does not count, order does not either.
"""

from __future__ import annotations

from collections import Counter

from evals.base import Case, Group, Outcome
from evals.wording import compared, korquad_normalised


class CharF1:
    """Harmonic mean of precision and recall over the two bags of characters; 0 for a refusal."""

    name = "char_f1"
    group: Group = "answer"
    higher_is_better = True

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """None for an unanswerable question or a case without a reference."""
        texts = compared(case, outcome)
        if texts is None:
            return None
        said, wanted = ("".join(korquad_normalised(text).split()) for text in texts)
        same = (Counter(said) & Counter(wanted)).total()
        return 2 * same / (len(said) + len(wanted)) if same else 0.0


METRIC = CharF1()
