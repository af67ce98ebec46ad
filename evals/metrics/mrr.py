"""Mean reciprocal rank of the first hit that holds gold evidence (Voorhees 1999)."""

from __future__ import annotations

from evals.base import Case, Group, Outcome
from evals.relevance import gains, gold_items, reciprocal_rank


class MeanReciprocalRank:
    """1 / rank; 0 where the ranking holds no gold evidence."""

    name = "mrr"
    group: Group = "retrieval"
    higher_is_better = True

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """None for a case without gold evidence or documents."""
        if not gold_items(case):
            return None
        return reciprocal_rank([gain > 0 for gain in gains(case, outcome.ranking)])


METRIC = MeanReciprocalRank()
