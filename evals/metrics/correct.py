"""Share of answerable questions whose answer holds every string that a right answer must hold."""

from __future__ import annotations

from chains.matching import holds
from evals.base import Case, Group, Outcome


class Correct:
    """1 for a right answer, 0 for a wrong one or a refusal."""

    name = "correct"
    group: Group = "answer"
    higher_is_better = True

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """None for an unanswerable question or a case without `must_include`."""
        answer = outcome.answer
        if answer is None or not case.answerable or not case.must_include:
            return None
        return float(not answer.refused and all(holds(answer.text, group) for group in case.must_include))


METRIC = Correct()
