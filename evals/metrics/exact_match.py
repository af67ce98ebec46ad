"""Share of answers that are the reference word for word, after KorQuAD's normalisation (Lim, Kim, Lee 2019)."""

from __future__ import annotations

from evals.base import Case, Group, Outcome
from evals.wording import compared, korquad_normalised


class ExactMatch:
    """1 where answer and reference are equal once normalised; 0 for a refusal."""

    name = "exact_match"
    group: Group = "answer"
    higher_is_better = True

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """None for an unanswerable question or a case without a reference."""
        texts = compared(case, outcome)
        return None if texts is None else float(korquad_normalised(texts[0]) == korquad_normalised(texts[1]))


METRIC = ExactMatch()
