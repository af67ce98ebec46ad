"""Money an answer costs, from the price table; 0 for a model on this machine."""

from __future__ import annotations

from evals.base import Case, Group, Outcome


class CostUsd:
    """US dollars."""

    name = "cost_usd"
    group: Group = "cost"
    higher_is_better = False

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """None where the price is not known."""
        answer = outcome.answer
        return None if answer is None else answer.usage.cost_usd


METRIC = CostUsd()
