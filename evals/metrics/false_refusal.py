"""Share of answerable questions that were refused."""

from __future__ import annotations

from evals.base import Case
from models.types import Answer


class FalseRefusal:
    """1 where a question that the documents answer was refused."""

    name = "false_refusal"
    higher_is_better = False

    def evaluate(self, case: Case, answer: Answer) -> float | None:
        """None for an unanswerable question."""
        return float(answer.refused) if case.answerable else None


METRIC = FalseRefusal()
