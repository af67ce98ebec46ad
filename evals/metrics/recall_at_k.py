"""Share of the gold evidence that the first k hits hold."""

from __future__ import annotations

from evals.base import Case, Group, Outcome
from evals.relevance import gains, gold_items


class RecallAtK:
    """Over gold sentences, or gold documents where no evidence is known."""

    group: Group = "retrieval"
    higher_is_better = True

    def __init__(self, k: int = 5) -> None:
        self.k, self.name = k, f"recall_at_{k}"

    def at(self, k: int) -> RecallAtK:
        """See evals.base.AtCutoff."""
        return RecallAtK(k)

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """None for a case without gold evidence or documents."""
        if not gold_items(case):
            return None
        return sum(gains(case, outcome.ranking[: self.k]))


METRIC = RecallAtK()
