"""Normalised discounted cumulative gain of the first k hits (Järvelin, Kekäläinen 2002)."""

from __future__ import annotations

from evals.base import Case, Group, Outcome
from evals.relevance import gains, gold_items, ideal_gains, ndcg


class NdcgAtK:
    """Gains are shares of the gold items that a hit is the first to hold."""

    group: Group = "retrieval"
    higher_is_better = True

    def __init__(self, k: int = 5) -> None:
        self.k, self.name = k, f"ndcg_at_{k}"

    def at(self, k: int) -> NdcgAtK:
        """See evals.base.AtCutoff."""
        return NdcgAtK(k)

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """None for a case without gold evidence or documents."""
        if not gold_items(case):
            return None
        found = gains(case, outcome.ranking)
        return ndcg(found, ideal_gains(case, found), self.k)


METRIC = NdcgAtK()
