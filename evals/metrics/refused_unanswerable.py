"""Share of questions without an answer in the documents that were refused."""

from __future__ import annotations

from evals.base import Case, Group, Outcome


class RefusedUnanswerable:
    """1 where a question that the documents do not answer was refused."""

    name = "refused_unanswerable"
    group: Group = "refusal"
    higher_is_better = True

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """None for an answerable question."""
        return float(outcome.answer.refused) if outcome.answer and not case.answerable else None


METRIC = RefusedUnanswerable()
