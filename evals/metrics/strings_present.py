"""Share of the strings that a right answer must hold which the answer holds; `correct` asks for all of them."""

from __future__ import annotations

from chains.matching import holds
from evals.base import Case, Group, Outcome


class StringsPresent:
    """Mean over the case's groups of alternatives; 0 for a refusal."""

    name = "strings_present"
    group: Group = "answer"
    higher_is_better = True

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """None for an unanswerable question or a case without `must_include`."""
        answer = outcome.answer
        if answer is None or not case.answerable or not case.must_include:
            return None
        said = "" if answer.refused else answer.text
        return sum(holds(said, group) for group in case.must_include) / len(case.must_include)


METRIC = StringsPresent()
