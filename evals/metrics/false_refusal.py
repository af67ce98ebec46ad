"""Share of answerable questions that were refused."""

from __future__ import annotations

from evals.base import Case, Group, Outcome


class FalseRefusal:
    """1 where a question that the documents answer was refused."""

    name = "false_refusal"
    group: Group = "refusal"
    higher_is_better = False

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """None for an unanswerable question."""
        return float(outcome.answer.refused) if outcome.answer and case.answerable else None


METRIC = FalseRefusal()
