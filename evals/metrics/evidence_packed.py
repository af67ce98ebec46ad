"""Share of the gold evidence that stood in the model's prompt: an upper bound of what it can answer from the documents."""

from __future__ import annotations

from evals.base import Case, Group, Outcome
from evals.relevance import gold_items, packed_share


class EvidencePacked:
    """Over gold sentences, or gold documents where no evidence is known; 0 where nothing was packed."""

    name = "evidence_packed"
    group: Group = "retrieval"
    higher_is_better = True

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """None for a case without gold evidence or documents, or where nothing was packed because only retrieval ran."""
        if not gold_items(case) or (outcome.answer is None and not outcome.passages):
            return None
        return packed_share(case, outcome.passages)


METRIC = EvidencePacked()
