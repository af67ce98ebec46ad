"""How fast an answer is written, once it has begun."""

from __future__ import annotations

from evals.base import Case, Group, Outcome


class TokensPerS:
    """Tokens a second after the first one, until the checked answer is there."""

    name = "tokens_per_s"
    group: Group = "cost"
    higher_is_better = True

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """None where tokens or times are not known, or an answer has fewer than two tokens."""
        answer = outcome.answer
        if answer is None:
            return None
        written, times = answer.usage.completion_tokens, answer.timings_ms
        first, total = times.get("first_token"), times.get("total")
        if written is None or written < 2 or first is None or total is None or total <= first:
            return None
        return (written - 1) / (total - first) * 1e3


METRIC = TokensPerS()
