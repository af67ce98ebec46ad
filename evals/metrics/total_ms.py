"""Time until the checked answer is there."""

from __future__ import annotations

from evals.base import Case, Group, Outcome


class TotalMs:
    """Milliseconds from the question's arrival."""

    name = "total_ms"
    group: Group = "cost"
    higher_is_better = False

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """None where it was not measured."""
        answer = outcome.answer
        return None if answer is None else answer.timings_ms.get("total")


METRIC = TotalMs()
