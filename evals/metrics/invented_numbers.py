"""Share of answers that state a number which stands neither in the passages nor in the question."""

from __future__ import annotations

from chains.numbers import claimed_numbers, numbers
from evals.base import Case, Group, Outcome


class InventedNumbers:
    """1 for an answer with an invented number, 0 for one without."""

    name = "invented_numbers"
    group: Group = "grounding"
    higher_is_better = False

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """None for a refusal, or where the passages are not known."""
        answer = outcome.answer
        if answer is None or answer.refused or not outcome.passages:
            return None
        read = " ".join(part for p in outcome.passages for part in (*p.chunk.locator.headings, p.text, p.chunk.text))
        return float(not set(claimed_numbers(answer.text).values()) <= numbers(read) | numbers(case.question))


METRIC = InventedNumbers()
