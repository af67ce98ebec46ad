"""Share of questions for which one of the first k hits holds gold evidence (hit rate)."""

from __future__ import annotations

from evals.base import Case, Group, Outcome
from evals.relevance import gains, gold_items


class GoldPassageAtK:
    """1 where a gold sentence is among them, or a chunk of a gold document where no evidence is known."""

    group: Group = "retrieval"
    higher_is_better = True

    def __init__(self, k: int = 5) -> None:
        self.k, self.name = k, f"gold_passage_at_{k}"

    def at(self, k: int) -> GoldPassageAtK:
        """See evals.base.AtCutoff."""
        return GoldPassageAtK(k)

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """None for a case without gold evidence or documents."""
        if not gold_items(case):
            return None
        return float(any(gains(case, outcome.ranking[: self.k])))


METRIC = GoldPassageAtK()
