"""Share of questions without an answer in the documents that were refused."""

from __future__ import annotations

from evals.base import Case
from models.types import Answer


class RefusedUnanswerable:
    """1 where a question that the documents do not answer was refused."""

    name = "refused_unanswerable"
    higher_is_better = True

    def evaluate(self, case: Case, answer: Answer) -> float | None:
        """None for an answerable question."""
        return None if case.answerable else float(answer.refused)


METRIC = RefusedUnanswerable()
