"""Share of the first k hits that hold gold evidence. One gold sentence in one chunk makes 1/k the best there is."""

from __future__ import annotations

from evals.base import Case, Group, Outcome
from evals.relevance import gold_items, held


class PrecisionAtK:
    """Missing hits count as irrelevant, as in trec_eval: the divisor is always k."""

    group: Group = "retrieval"
    higher_is_better = True

    def __init__(self, k: int = 5) -> None:
        self.k, self.name = k, f"precision_at_{k}"

    def at(self, k: int) -> PrecisionAtK:
        """See evals.base.AtCutoff."""
        return PrecisionAtK(k)

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """None for a case without gold evidence or documents."""
        if not gold_items(case):
            return None
        relevant = (held(case, hit.chunk.source, hit.chunk.text) for hit in outcome.ranking[: self.k])
        return sum(map(bool, relevant)) / self.k


METRIC = PrecisionAtK()
