"""Tokens that the model wrote for an answer, as the provider counts them."""

from __future__ import annotations

from evals.base import Case, Group, Outcome


class CompletionTokens:
    """A count."""

    name = "completion_tokens"
    group: Group = "cost"
    higher_is_better = False

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """None where the provider does not say."""
        answer = outcome.answer
        return None if answer is None else answer.usage.completion_tokens


METRIC = CompletionTokens()
